#include "gates/reading.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "gates/percentile.hpp"

namespace tidegate::gates {
namespace {

using record::Outcome;
using record::SeriesKind;

const DecisionRules kValueAlone{std::nullopt, 1};

bool is_percentile_of_times(const Measure& measure) {
  return measure.aggregate == Aggregate::percentile && measure.kind.series == SeriesKind::histogram;
}

bool is_failure_share(const Measure& measure) {
  return measure.kind.is_failure_share && measure.aggregate == Aggregate::rate;
}

// Counters of what arrivals lead to: an arrival that was never sent could have been counted, or not.
bool counts_answers(std::string_view metric) {
  return metric == record::kHttpReqs || metric == record::kHttpReqFailed || metric == record::kErrors ||
         metric == record::kIterations;
}

ShareEvidence failed_requests(const Measure& measure, const Evidence& evidence, const SecondSet& seconds) {
  Selector not_expected = measure.selector;
  not_expected.tags.emplace_back("expected", "false");
  const auto whole = [](double value) { return static_cast<std::uint64_t>(std::llround(std::max(value, 0.0))); };
  ShareEvidence result;
  result.missing = evidence.missing(measure.metric, measure.selector, seconds);
  // The two counters tell the same; the larger one is believed.
  const std::uint64_t failed = std::max(whole(evidence.counter(record::kHttpReqFailed, measure.selector, seconds)),
                                        whole(evidence.counter(record::kHttpReqs, not_expected, seconds)));
  const std::uint64_t total = std::max(whole(evidence.counter(record::kHttpReqs, measure.selector, seconds)), failed);
  result.observed = result.best = {failed, total};
  result.worst = {failed + result.missing, total + result.missing};
  return result;
}

// A `rate(http_req_failed) > x` gate asks for failures: the samples to be bad are then the successes.
ShareEvidence flipped(const ShareEvidence& evidence) {
  const auto flip = [](const Share& share, std::uint64_t missing) {
    return Share{share.total - share.bad + missing, share.total + missing};
  };
  return {flip(evidence.observed, 0), flip(evidence.best, 0), flip(evidence.observed, evidence.missing),
          evidence.missing};
}

Reading read_failed_share(const Expression& expression, const Evidence& evidence, const SecondSet& seconds,
                          const DecisionRules& rules) {
  const ShareEvidence failed = failed_requests(expression.measure, evidence, seconds);
  const bool small = wants_small(expression.limit.comparison);
  const ShareDecision decision = decide_share(small ? failed : flipped(failed), *allowed_share(expression), rules);
  Reading reading;
  reading.outcome = decision.outcome;
  reading.samples = failed.observed.total;
  if (reading.samples == 0) {
    reading.reason = "failed share " + outcome_phrase(expression.limit, reading.outcome, decision.doubt);
    return reading;
  }
  reading.value = failed.observed.value();
  reading.interval =
      small ? std::pair{decision.lower, decision.upper} : std::pair{1 - decision.upper, 1 - decision.lower};
  reading.reason =
      fmt::format("failed share {} {} {} ({})", format_quantity(*reading.value, Dimension::share),
                  format_interval(reading.interval->first, reading.interval->second, *reading.value, Dimension::share),
                  outcome_phrase(expression.limit, reading.outcome, decision.doubt),
                  basis(reading.samples, failed.observed.bad, failed.missing, rules));
  return reading;
}

// avg, min and max of times.
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
    return value * 1e-6;
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
  reading.reason = fmt::format("{}{} {} ({}{})", expression.measure.label,
                               reading.value ? " " + format_quantity(*reading.value, Dimension::time) : "",
                               outcome_phrase(expression.limit, reading.outcome, decision.doubt),
                               counted(reading.samples, "sample"), remark);
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
  for (const GaugePoint& point : points) {
    if (!std::isfinite(point.value)) return std::nullopt;
    values.push_back(point.value);
  }
  if (values.empty()) return std::nullopt;
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

}  // namespace

std::optional<double> allowed_share(const Expression& expression) {
  const bool small = wants_small(expression.limit.comparison);
  if (is_percentile_of_times(expression.measure)) {
    return small ? 1 - expression.measure.quantile : expression.measure.quantile;
  }
  if (is_failure_share(expression.measure)) return small ? expression.limit.value : 1 - expression.limit.value;
  return std::nullopt;
}

Reading read_expression(const Expression& expression, const Evidence& evidence, const SecondSet& seconds,
                        const DecisionRules& rules) {
  const Measure& measure = expression.measure;
  if (is_percentile_of_times(measure)) return read_percentile(expression, evidence, seconds, rules);
  if (is_failure_share(measure)) return read_failed_share(expression, evidence, seconds, rules);
  switch (measure.kind.series) {
    case SeriesKind::histogram:
      return read_time_statistic(expression, evidence, seconds, rules);
    case SeriesKind::counter:
      return read_counter(expression, evidence, seconds, rules);
    case SeriesKind::gauge:
      return read_gauge(expression, evidence, seconds, rules);
  }
  return {};
}

SecondState second_state(const Expression& expression, const Evidence& evidence, std::int32_t second) {
  switch (read_expression(expression, evidence, SecondSet(second, second + 1), kValueAlone).outcome) {
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
