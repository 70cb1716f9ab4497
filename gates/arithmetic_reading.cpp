#include <fmt/format.h>

#include <cmath>

#include "base/units.hpp"
#include "gates/percentile.hpp"
#include "gates/reading_parts.hpp"

namespace tidegate::gates {
namespace {

std::string_view symbol_of(Arithmetic::Operator how) {
  switch (how) {
    case Arithmetic::Operator::plus:
      return "+";
    case Arithmetic::Operator::minus:
      return "-";
    case Arithmetic::Operator::over:
      return "/";
  }
  return "";
}

// None where it has no value: one side is unknown, or the divisor is zero.
std::optional<double> combined(Arithmetic::Operator how, const std::optional<double>& left,
                               const std::optional<double>& right) {
  if (!left || !right) return std::nullopt;
  switch (how) {
    case Arithmetic::Operator::plus:
      return *left + *right;
    case Arithmetic::Operator::minus:
      return *left - *right;
    case Arithmetic::Operator::over:
      if (*right == 0) return std::nullopt;
      return *left / *right;
  }
  return std::nullopt;
}

}  // namespace

Reading read_arithmetic(const Expression& expression, const Evidence& evidence, const SecondSet& seconds,
                        const DecisionRules& rules) {
  const Arithmetic& with = *expression.with;
  const MeasureValue left = value_of(expression.measure, evidence, seconds);
  const MeasureValue right = value_of(with.other, evidence, seconds);
  const auto observed = combined(with.how, left.observed, right.observed);
  const auto best = combined(with.how, left.best, right.best);
  ValueEvidence values{best, observed, std::min(left.samples, right.samples), left.missing + right.missing};
  if (!observed) values.samples = 0;
  // A sample that was never taken could have any value, and move either side.
  if (values.missing > 0) values.worst.reset();
  // Broken counts only where it is broken both from the schedule and from the send.
  if (observed && expression.limit.holds(*observed)) values.best = observed;
  const ValueDecision decision = decide_value(values, expression.limit, rules);
  Reading reading;
  reading.outcome = decision.outcome;
  reading.samples = values.samples;
  reading.value = observed;
  std::string doubt = decision.doubt;
  if (!observed && (left.unbounded || right.unbounded)) doubt = "failed samples leave one side without a value";
  if (!observed && right.observed && *right.observed == 0) doubt = "the divisor is zero";
  reading.reason =
      fmt::format("{} {} {}{} {} ({})", expression.measure.label, symbol_of(with.how), with.other.label,
                  observed ? " is " + format_quantity(*observed, expression.limit.dimension) + ":" : ":",
                  outcome_phrase(expression.limit, reading.outcome, doubt), counted(reading.samples, "sample"));
  return reading;
}

}  // namespace tidegate::gates
