#include "record/verdict.hpp"

#include <array>

#include "base/assert.hpp"

namespace tidegate::record {
namespace {

constexpr std::array kOutcomes = {Outcome::pass,         Outcome::warn,  Outcome::fail,
                                  Outcome::inconclusive, Outcome::error, Outcome::not_asked};

}  // namespace

std::string_view to_string(Outcome outcome) {
  switch (outcome) {
    case Outcome::pass:
      return "PASS";
    case Outcome::warn:
      return "WARN";
    case Outcome::fail:
      return "FAIL";
    case Outcome::inconclusive:
      return "INCONCLUSIVE";
    case Outcome::error:
      return "ERROR";
    case Outcome::not_asked:
      return "NOT ASKED";
  }
  TIDEGATE_ASSERT(false);
  return {};
}

std::optional<Outcome> outcome_from(std::string_view text) {
  for (const Outcome outcome : kOutcomes) {
    if (to_string(outcome) == text) return outcome;
  }
  return std::nullopt;
}

std::string verdict_word(const Verdict& verdict) {
  return verdict.judged ? std::string(to_string(verdict.outcome)) : "NOT JUDGED";
}

}  // namespace tidegate::record
