#include "gates/reading.hpp"

#include <algorithm>

#include "gates/percentile.hpp"
#include "gates/reading_parts.hpp"

namespace tidegate::gates {
namespace {

using record::Outcome;

const DecisionRules kValueAlone{std::nullopt, 1};

bool is_percentile_of_times(const Measure& measure) {
  return measure.aggregate == Aggregate::percentile && measure.kind.series == record::SeriesKind::histogram;
}

}  // namespace

std::optional<double> allowed_share(const Expression& expression) {
  if (expression.with || expression.worst_of > 0) return std::nullopt;
  const bool small = wants_small(expression.limit.comparison);
  if (is_percentile_of_times(expression.measure)) {
    return small ? 1 - expression.measure.quantile : expression.measure.quantile;
  }
  if (expression.measure.aggregate == Aggregate::apdex) return 1 - expression.limit.value;
  if (is_failure_share(expression.measure)) return small ? expression.limit.value : 1 - expression.limit.value;
  return std::nullopt;
}

Reading read_expression(const Expression& expression, const Evidence& evidence, const SecondSet& seconds,
                        const DecisionRules& rules) {
  const Measure& measure = expression.measure;
  if (expression.worst_of > 0) return read_sliding(expression, evidence, seconds);
  if (expression.with) return read_arithmetic(expression, evidence, seconds, rules);
  if (measure.aggregate == Aggregate::apdex) return read_apdex(expression, evidence, seconds, rules);
  if (is_percentile_of_times(measure)) return read_percentile(expression, evidence, seconds, rules);
  if (is_failure_share(measure)) return read_failed_share(expression, evidence, seconds, rules);
  return read_value(expression, evidence, seconds, rules);
}

SecondState second_state(const Expression& expression, const Evidence& evidence, std::int32_t second) {
  // Of a sliding window, the one that ends with this second.
  Expression plain = expression;
  plain.worst_of = 0;
  const SecondSet seconds(second + 1 - std::max(expression.worst_of, 1), second + 1);
  switch (read_expression(plain, evidence, seconds, kValueAlone).outcome) {
    case Outcome::pass:
      return SecondState::holds;
    case Outcome::fail:
      return SecondState::fails;
    case Outcome::warn:
    case Outcome::inconclusive:
    case Outcome::error:
    case Outcome::not_asked:
      break;
  }
  return SecondState::unknown;
}

}  // namespace tidegate::gates
