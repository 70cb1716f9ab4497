#include "gates/precedence.hpp"

#include <algorithm>

namespace tidegate::gates {
namespace {

using record::Outcome;

// Higher decides.
int rank(const Finding& finding) {
  switch (finding.outcome) {
    case Outcome::fail:
      return finding.firm ? 5 : 3;
    case Outcome::error:
      return 4;
    case Outcome::inconclusive:
      return 2;
    case Outcome::warn:
      return 1;
    case Outcome::pass:
    case Outcome::not_asked:
      return 0;
  }
  return 0;
}

}  // namespace

Decision decide(const std::vector<Finding>& findings) {
  std::vector<const Finding*> ordered;
  for (const Finding& finding : findings) {
    if (rank(finding) > 0) ordered.push_back(&finding);
  }
  std::stable_sort(ordered.begin(), ordered.end(),
                   [](const Finding* a, const Finding* b) { return rank(*a) > rank(*b); });
  Decision decision;
  if (!ordered.empty()) decision.outcome = ordered.front()->outcome;
  for (const Finding* finding : ordered) decision.reasons.push_back(finding->reason);
  return decision;
}

int exit_code_of(Outcome outcome, bool strict) {
  switch (outcome) {
    case Outcome::pass:
    case Outcome::not_asked:
      return record::exit_code::pass;
    case Outcome::warn:
      return strict ? record::exit_code::fail : record::exit_code::pass;
    case Outcome::fail:
      return record::exit_code::fail;
    case Outcome::inconclusive:
      return record::exit_code::inconclusive;
    case Outcome::error:
      return record::exit_code::error;
  }
  return record::exit_code::error;
}

}  // namespace tidegate::gates
