#include "gates/percentile.hpp"

#include <fmt/format.h>

#include <cmath>

#include "base/units.hpp"

namespace tidegate::gates {
namespace {

using record::Outcome;

// Samples are whole microseconds. The smallest one that is not below the limit, or that is over it.
std::uint64_t first_microsecond(const Limit& limit) {
  const double exact = limit.value * 1e6;
  const double nearest = std::round(exact);
  const bool whole = std::abs(exact - nearest) < 1e-6 * std::max(1.0, exact);
  const bool excludes_limit = limit.comparison == Comparison::less || limit.comparison == Comparison::greater_equal;
  const double first = whole ? (excludes_limit ? nearest : nearest + 1) : std::ceil(exact);
  return static_cast<std::uint64_t>(std::max(first, 0.0));
}

Share bad_share(const Latencies& times, const Selector& selector, const Limit& limit) {
  const std::uint64_t first = first_microsecond(limit);
  const auto bad_of = [&](const Histogram& histogram) {
    const std::uint64_t over = histogram.count_at_or_over(first);
    return wants_small(limit.comparison) ? over : histogram.count() - over;
  };
  return {bad_of(times.expected) + (selector.any_outcome ? bad_of(times.failed) : times.failed.count()), times.count()};
}

// Samples in the order of their badness: failed ones lie beyond every limit.
class Ordered {
 public:
  Ordered(const Latencies& times, const Measure& measure, bool small_is_good)
      : expected_(times.expected), failed_(times.failed.count()), small_is_good_(small_is_good) {
    if (!measure.selector.any_outcome) return;
    expected_.merge(times.failed);
    failed_ = 0;
  }

  std::uint64_t count() const { return expected_.count() + failed_; }
  /// In seconds; none when that sample failed, or does not exist.
  std::optional<double> at_rank(std::uint64_t rank) const {
    if (!small_is_good_) {
      if (rank <= failed_) return std::nullopt;
      rank -= failed_;
    }
    if (rank == 0 || rank > expected_.count()) return std::nullopt;
    return static_cast<double>(expected_.value_at_rank(rank)) * 1e-6;
  }

 private:
  Histogram expected_;
  std::uint64_t failed_;
  bool small_is_good_;
};

std::optional<std::pair<double, double>> rank_interval(const Ordered& samples, double quantile,
                                                       const DecisionRules& rules) {
  if (!rules.confidence || samples.count() == 0) return std::nullopt;
  const RankInterval ranks = quantile_ranks(samples.count(), quantile, *rules.confidence);
  const auto low = samples.at_rank(ranks.low);
  const auto high = samples.at_rank(ranks.high);
  if (!low || !high) return std::nullopt;
  return std::pair{*low, *high};
}

std::string value_text(const Reading& reading, const std::string& label) {
  if (reading.samples == 0) return label;
  if (!reading.value) return label + " is a failed sample: it";
  std::string text = label + " " + format_quantity(*reading.value, Dimension::time);
  if (reading.interval) {
    text += " " + format_interval(reading.interval->first, reading.interval->second, *reading.value, Dimension::time);
  }
  return text;
}

}  // namespace

std::string_view best_case_metric(std::string_view metric) {
  return metric == record::kResponseTime ? record::kResponseTimeFromSend : metric;
}

ShareEvidence over_limit(std::string_view metric, const Selector& selector, const Limit& limit,
                         const Evidence& evidence, const SecondSet& seconds) {
  ShareEvidence result;
  result.observed = bad_share(evidence.latencies(metric, selector, seconds), selector, limit);
  const std::string_view best = best_case_metric(metric);
  result.best =
      best == metric ? result.observed : bad_share(evidence.latencies(best, selector, seconds), selector, limit);
  result.missing = evidence.missing(metric, selector, seconds);
  result.worst = {result.observed.bad + result.missing, result.observed.total + result.missing};
  return result;
}

std::string basis(std::uint64_t samples, std::uint64_t failed, std::uint64_t missing, const DecisionRules& rules) {
  std::string text = counted(samples, "sample");
  if (failed > 0) text += fmt::format(", {} failed", format_count(failed));
  if (missing > 0) text += fmt::format(", {} owed by the generator", format_count(missing));
  if (samples > 0) text += rules.confidence ? "; clustering not estimated" : "; by the value alone";
  return text;
}

std::string outcome_phrase(const Limit& limit, Outcome outcome, const std::string& doubt) {
  if (outcome == Outcome::inconclusive) return fmt::format("against {}: {}", limit.text(), doubt);
  const bool under = (outcome == Outcome::pass) == wants_small(limit.comparison);
  return (under ? "is under " : "is over ") + format_quantity(limit.value, limit.dimension);
}

Reading read_percentile(const Expression& expression, const Evidence& evidence, const SecondSet& seconds,
                        const DecisionRules& rules) {
  const Measure& measure = expression.measure;
  const ShareEvidence shares = over_limit(measure.metric, measure.selector, expression.limit, evidence, seconds);
  const ShareDecision decision = decide_share(shares, *allowed_share(expression), rules);
  const Latencies times = evidence.latencies(measure.metric, measure.selector, seconds);
  const Ordered samples(times, measure, wants_small(expression.limit.comparison));
  Reading reading;
  reading.outcome = decision.outcome;
  reading.samples = samples.count();
  reading.value = samples.at_rank(quantile_rank(samples.count(), measure.quantile));
  reading.interval = rank_interval(samples, measure.quantile, rules);
  reading.reason = fmt::format("{} {} ({})", value_text(reading, measure.label),
                               outcome_phrase(expression.limit, reading.outcome, decision.doubt),
                               basis(reading.samples, times.failed.count(), shares.missing, rules));
  return reading;
}

}  // namespace tidegate::gates
