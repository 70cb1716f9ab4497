// `worst 10s of p99(...) < 1s`: every window of 10 s that lies whole in the judged seconds, moved by a second at a
// time. A census: no interval and no minimum of samples; a window without data could have been either.

#include <fmt/format.h>

#include "base/units.hpp"
#include "gates/percentile.hpp"
#include "gates/reading_parts.hpp"

namespace tidegate::gates {
namespace {

using record::Outcome;

struct Sliding {
  std::uint64_t windows = 0, broken = 0, unknown = 0, samples = 0;
  std::optional<double> worst;
  std::int32_t worst_at = 0;
  std::string doubt;
};

// A value that is absent (a failed sample) is worse than any.
bool is_worse(const std::optional<double>& value, const std::optional<double>& worst, bool small_is_good) {
  if (!value) return true;
  if (!worst) return false;
  return small_is_good ? *value > *worst : *value < *worst;
}

}  // namespace

Reading read_sliding(const Expression& expression, const Evidence& evidence, const SecondSet& seconds) {
  const DecisionRules value_alone{std::nullopt, 1};
  const std::int32_t length = expression.worst_of;
  Expression plain = expression;
  plain.worst_of = 0;
  Sliding found;
  for (const Span& span : seconds.spans()) {
    for (std::int32_t from = span.from; from + length <= span.to; ++from) {
      const Reading one = read_expression(plain, evidence, SecondSet(from, from + length), value_alone);
      const bool first = found.windows == found.unknown;
      ++found.windows;
      found.samples = std::max(found.samples, one.samples);
      if (one.outcome == Outcome::fail) ++found.broken;
      if (one.outcome == Outcome::inconclusive) ++found.unknown;
      if (one.outcome == Outcome::inconclusive) continue;
      if (first || is_worse(one.value, found.worst, wants_small(expression.limit.comparison))) {
        found.worst = one.value;
        found.worst_at = from;
      }
    }
  }
  Reading reading;
  reading.samples = found.windows;
  if (found.windows == 0) {
    reading.reason = fmt::format("the window is shorter than {} s", length);
    return reading;
  }
  reading.value = found.worst;
  reading.outcome = found.broken > 0 ? Outcome::fail : found.unknown > 0 ? Outcome::inconclusive : Outcome::pass;
  const std::string doubt = fmt::format("{} had no data that decide", counted(found.unknown, "window"));
  const bool known = found.unknown < found.windows;
  reading.reason =
      fmt::format("worst {} s of {}{} {} ({}, {} over{})", length, expression.measure.label,
                  !known        ? std::string()
                  : found.worst ? " " + format_quantity(*found.worst, expression.limit.dimension)
                                : std::string(" is a failed sample: it"),
                  outcome_phrase(expression.limit, reading.outcome, doubt), counted(found.windows, "window"),
                  format_count(found.broken), known ? fmt::format("; the worst from {} s on", found.worst_at) : "");
  return reading;
}

}  // namespace tidegate::gates
