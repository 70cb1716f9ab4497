#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/units.hpp"
#include "gates/percentile.hpp"
#include "gates/reading_parts.hpp"

namespace tidegate::gates {
namespace {

using record::SeriesKind;

// Counters of what arrivals lead to: an arrival that was never sent could have been counted, or not.
bool counts_answers(std::string_view metric) {
  return metric == record::kHttpReqs || metric == record::kHttpReqFailed || metric == record::kErrors ||
         metric == record::kIterations;
}

// avg, min and max of times, and of what answers are measured by.
ValueEvidence time_statistic(const Expression& expression, const Evidence& evidence, const SecondSet& seconds,
                             std::string& remark) {
  const Measure& measure = expression.measure;
  const bool small_is_good = wants_small(expression.limit.comparison);
  const auto statistic = [&](const Latencies& times) -> std::optional<double> {
    Histogram all = times.expected;
    if (measure.selector.any_outcome) all.merge(times.failed);
    if (all.empty()) return std::nullopt;
    const double value = measure.aggregate == Aggregate::average   ? all.mean()
                         : measure.aggregate == Aggregate::minimum ? static_cast<double>(all.min())
                                                                   : static_cast<double>(all.max());
    return value * sample_unit(measure.kind.dimension);
  };
  const Latencies intended = evidence.latencies(measure.metric, measure.selector, seconds);
  const Latencies best = evidence.latencies(best_case_metric(measure.metric), measure.selector, seconds);
  ValueEvidence result{statistic(best), statistic(intended), intended.count(), 0};
  result.missing = evidence.missing(measure.metric, measure.selector, seconds);
  // A sample beyond the limit moves every statistic but the minimum under a limit, and the maximum over one.
  const bool unmoved = measure.aggregate == (small_is_good ? Aggregate::minimum : Aggregate::maximum);
  if (!measure.selector.any_outcome && !unmoved && intended.failed.count() > 0) {
    remark = fmt::format("; {} failed and count as over every limit", counted(intended.failed.count(), "sample"));
    // Beyond every limit, on whichever side is the bad one.
    result.worst = small_is_good ? std::numeric_limits<double>::infinity() : 0;
    if (best.failed.count() > 0) result.best = result.worst;
  }
  return result;
}

Reading read_time_statistic(const Expression& expression, const Evidence& evidence, const SecondSet& seconds,
                            const DecisionRules& rules) {
  std::string remark;
  ValueEvidence values = time_statistic(expression, evidence, seconds, remark);
  const std::optional<double> observed = values.worst;
  if (values.missing > 0) values.worst.reset();  // a sample that was never taken could have any value
  const ValueDecision decision = decide_value(values, expression.limit, rules);
  Reading reading;
  reading.outcome = decision.outcome;
  reading.samples = values.samples;
  if (observed && std::isfinite(*observed)) reading.value = observed;
  reading.reason = fmt::format(
      "{}{} {} ({}{})", expression.measure.label,
      reading.value ? " " + format_quantity(*reading.value, expression.measure.kind.dimension) : "",
      outcome_phrase(expression.limit, reading.outcome, decision.doubt), counted(reading.samples, "sample"), remark);
  return reading;
}

// Counters: how much there was, or how much a second.
Reading read_counter(const Expression& expression, const Evidence& evidence, const SecondSet& seconds,
                     const DecisionRules& rules) {
  const Measure& measure = expression.measure;
  const auto length = static_cast<double>(seconds.length());
  const double divisor = measure.aggregate == Aggregate::rate ? std::max(length, 1.0) : 1;
  const double sum = evidence.counter(measure.metric, measure.selector, seconds);
  ValueEvidence values;
  const bool known = sum > 0 || evidence.load_ran(seconds);
  values.samples = known ? static_cast<std::uint64_t>(length) : 0;
  values.missing = counts_answers(measure.metric) ? evidence.missing(measure.metric, measure.selector, seconds) : 0;
  if (known) {
    // What the generator owes could have been counted or not.
    const double more = (sum + static_cast<double>(values.missing)) / divisor;
    const bool small = wants_small(expression.limit.comparison);
    values.best = small ? sum / divisor : more;
    values.worst = small ? more : sum / divisor;
  }
  const ValueDecision decision = decide_value(values, expression.limit, rules);
  Reading reading;
  reading.outcome = decision.outcome;
  reading.samples = values.samples;
  if (known) reading.value = sum / divisor;
  reading.reason =
      fmt::format("{}{} {}", measure.metric, known ? " " + format_quantity(sum / divisor, measure.dimension) : "",
                  outcome_phrase(expression.limit, reading.outcome, decision.doubt));
  return reading;
}

// Gauges: a census of one-second values.
std::optional<double> gauge_statistic(const Measure& measure, const std::vector<GaugePoint>& points) {
  std::vector<double> values;
  const GaugePoint* latest = nullptr;
  for (const GaugePoint& point : points) {
    if (!std::isfinite(point.value)) return std::nullopt;
    values.push_back(point.value);
    if (latest == nullptr || point.second >= latest->second) latest = &point;
  }
  if (values.empty()) return std::nullopt;
  if (measure.aggregate == Aggregate::last) return latest->value;
  std::sort(values.begin(), values.end());
  double sum = 0;
  for (const double value : values) sum += value;
  switch (measure.aggregate) {
    case Aggregate::average:
      return sum / static_cast<double>(values.size());
    case Aggregate::minimum:
      return values.front();
    case Aggregate::maximum:
      return values.back();
    case Aggregate::percentile:
      return values[quantile_rank(values.size(), measure.quantile) - 1];
    case Aggregate::last:
    case Aggregate::apdex:
    case Aggregate::rate:
    case Aggregate::count:
      break;
  }
  return std::nullopt;
}

Reading read_gauge(const Expression& expression, const Evidence& evidence, const SecondSet& seconds,
                   const DecisionRules& rules) {
  const Measure& measure = expression.measure;
  const auto points = evidence.gauges(measure.metric, measure.selector, seconds);
  const auto value = gauge_statistic(measure, points);
  const ValueDecision decision = decide_value({value, value, value ? points.size() : 0, 0}, expression.limit, rules);
  Reading reading;
  reading.outcome = decision.outcome;
  reading.samples = points.size();
  reading.value = value;
  reading.reason = fmt::format(
      "{}{} {} ({})", measure.label, value ? " " + format_quantity(*value, measure.dimension) : "",
      outcome_phrase(expression.limit, reading.outcome, decision.doubt), counted(points.size(), "one-second value"));
  return reading;
}

// A percentile, an average or an extreme of times, failed samples beyond every limit.
std::optional<double> time_of(const Measure& measure, const Latencies& times, bool& unbounded) {
  Histogram all = times.expected;
  std::uint64_t failed = times.failed.count();
  if (measure.selector.any_outcome) {
    all.merge(times.failed);
    failed = 0;
  }
  if (all.empty() && failed == 0) return std::nullopt;
  if (measure.aggregate == Aggregate::percentile) {
    const std::uint64_t rank = quantile_rank(all.count() + failed, measure.quantile);
    unbounded = rank > all.count();
    if (unbounded) return std::nullopt;
    return static_cast<double>(all.value_at_rank(rank)) * sample_unit(measure.kind.dimension);
  }
  unbounded = all.empty() || (failed > 0 && measure.aggregate != Aggregate::minimum);
  if (unbounded) return std::nullopt;
  const double value = measure.aggregate == Aggregate::average   ? all.mean()
                       : measure.aggregate == Aggregate::minimum ? static_cast<double>(all.min())
                                                                 : static_cast<double>(all.max());
  return value * sample_unit(measure.kind.dimension);
}

MeasureValue time_value(const Measure& measure, const Evidence& evidence, const SecondSet& seconds) {
  MeasureValue result;
  const Latencies observed = evidence.latencies(measure.metric, measure.selector, seconds);
  result.samples = observed.count();
  result.observed = time_of(measure, observed, result.unbounded);
  bool best_unbounded = false;
  const std::string_view best = best_case_metric(measure.metric);
  result.best = best == measure.metric
                    ? result.observed
                    : time_of(measure, evidence.latencies(best, measure.selector, seconds), best_unbounded);
  return result;
}

}  // namespace

Reading read_value(const Expression& expression, const Evidence& evidence, const SecondSet& seconds,
                   const DecisionRules& rules) {
  switch (expression.measure.kind.series) {
    case SeriesKind::histogram:
      return read_time_statistic(expression, evidence, seconds, rules);
    case SeriesKind::counter:
      return read_counter(expression, evidence, seconds, rules);
    case SeriesKind::gauge:
      return read_gauge(expression, evidence, seconds, rules);
  }
  return {};
}

MeasureValue value_of(const Measure& measure, const Evidence& evidence, const SecondSet& seconds) {
  MeasureValue result;
  if (is_failure_share(measure)) {
    const double failed = std::max(evidence.counter(record::kHttpReqFailed, measure.selector, seconds), 0.0);
    const double total = evidence.counter(record::kHttpReqs, measure.selector, seconds);
    result.samples = total > 0 ? static_cast<std::uint64_t>(total) : 0;
    if (total > 0) result.observed = result.best = failed / total;
  } else if (measure.kind.series == SeriesKind::histogram) {
    result = time_value(measure, evidence, seconds);
  } else if (measure.kind.series == SeriesKind::gauge) {
    const auto points = evidence.gauges(measure.metric, measure.selector, seconds);
    result.observed = result.best = gauge_statistic(measure, points);
    result.samples = result.observed ? points.size() : 0;
  } else {
    const double sum = evidence.counter(measure.metric, measure.selector, seconds);
    if (sum > 0 || evidence.load_ran(seconds)) {
      const double length = measure.aggregate == Aggregate::rate ? static_cast<double>(seconds.length()) : 1;
      result.observed = result.best = sum / std::max(length, 1.0);
      result.samples = static_cast<std::uint64_t>(seconds.length());
    }
  }
  const bool of_load = measure.kind.series == SeriesKind::histogram || counts_answers(measure.metric);
  if (of_load) result.missing = evidence.missing(measure.metric, measure.selector, seconds);
  return result;
}

}  // namespace tidegate::gates
