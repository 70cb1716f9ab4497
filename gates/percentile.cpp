#include "gates/percentile.hpp"

#include <fmt/format.h>

#include <cmath>

#include "base/units.hpp"

namespace tidegate::gates {
namespace {

using record::Outcome;

}  // namespace

double sample_unit(Dimension dimension) {
  return dimension == Dimension::time ? 1e-6 : 1;
}

// Samples are whole numbers.
std::uint64_t first_over(const Limit& limit) {
  const double exact = limit.dimension == Dimension::time ? limit.value * 1e6 : limit.value;
  const double nearest = std::round(exact);
  const bool whole = std::abs(exact - nearest) < 1e-6 * std::max(1.0, exact);
  const bool excludes_limit = limit.comparison == Comparison::less || limit.comparison == Comparison::greater_equal;
  const double first = whole ? (excludes_limit ? nearest : nearest + 1) : std::ceil(exact);
  return static_cast<std::uint64_t>(std::max(first, 0.0));
}

namespace {

Share bad_of(const OverCounts& counts, const Selector& selector, bool small_is_good) {
  const auto bad = [&](const Histogram::Counts& one) {
    return small_is_good ? one.at_or_over : one.total - one.at_or_over;
  };
  return {bad(counts.expected) + (selector.any_outcome ? bad(counts.failed) : counts.failed.total),
          counts.expected.total + counts.failed.total};
}

// Every second of the set, in order.
std::vector<Share> bad_by_second(std::string_view metric, const Selector& selector, const Limit& limit,
                                 const Evidence& evidence, const SecondSet& seconds) {
  std::vector<Share> shares;
  for (const OverCounts& counts : evidence.over(metric, selector, first_over(limit), seconds)) {
    shares.push_back(bad_of(counts, selector, wants_small(limit.comparison)));
  }
  return shares;
}

Share sum_of(const std::vector<Share>& shares) {
  Share sum;
  for (const Share& one : shares) {
    sum.bad += one.bad;
    sum.total += one.total;
  }
  return sum;
}

// Samples in the order of their badness: failed ones lie beyond every limit.
class Ordered {
 public:
  Ordered(const Latencies& times, const Measure& measure, bool small_is_good)
      : expected_(times.expected),
        failed_(times.failed.count()),
        small_is_good_(small_is_good),
        unit_(sample_unit(measure.kind.dimension)) {
    if (!measure.selector.any_outcome) return;
    expected_.merge(times.failed);
    failed_ = 0;
  }

  std::uint64_t count() const { return expected_.count() + failed_; }
  /// In the unit of the gate; none when that sample failed, or does not exist.
  std::optional<double> at_rank(std::uint64_t rank) const {
    if (!small_is_good_) {
      if (rank <= failed_) return std::nullopt;
      rank -= failed_;
    }
    if (rank == 0 || rank > expected_.count()) return std::nullopt;
    return static_cast<double>(expected_.value_at_rank(rank)) * unit_;
  }

 private:
  Histogram expected_;
  std::uint64_t failed_;
  bool small_is_good_;
  double unit_;
};

// The ranks between which the quantile lies: towards FAIL as of independent samples, towards PASS for what they are
// worth.
std::optional<std::pair<double, double>> rank_interval(const Ordered& samples, double quantile, bool small_is_good,
                                                       double worth, const DecisionRules& rules) {
  if (!rules.confidence || samples.count() == 0) return std::nullopt;
  const auto total = static_cast<double>(samples.count());
  const auto worth_total = std::max<std::uint64_t>(1, static_cast<std::uint64_t>(total * worth));
  RankInterval ranks = quantile_ranks(samples.count(), quantile, *rules.confidence);
  const RankInterval wide = quantile_ranks(worth_total, quantile, *rules.confidence);
  const double stretch = total / static_cast<double>(worth_total);
  if (small_is_good) {
    ranks.high = wide.high > worth_total
                     ? samples.count() + 1
                     : static_cast<std::uint64_t>(std::ceil(static_cast<double>(wide.high) * stretch));
  } else {
    ranks.low = static_cast<std::uint64_t>(std::floor(static_cast<double>(wide.low) * stretch));
  }
  const auto low = samples.at_rank(ranks.low);
  const auto high = samples.at_rank(ranks.high);
  if (!low || !high) return std::nullopt;
  return std::pair{*low, *high};
}

void add_missing_by_second(std::string_view metric, const Selector& selector, const Evidence& evidence,
                           const SecondSet& seconds, std::vector<Share>& shares) {
  std::size_t at = 0;
  for (const Span& span : seconds.spans()) {
    for (std::int32_t second = span.from; second < span.to; ++second, ++at) {
      const std::uint64_t missing = evidence.missing(metric, selector, SecondSet(second, second + 1));
      shares[at].bad += missing;
      shares[at].total += missing;
    }
  }
}

std::string value_text(const Reading& reading, const Measure& measure) {
  const std::string& label = measure.label;
  const Dimension dimension = measure.kind.dimension;
  if (reading.samples == 0) return label;
  if (!reading.value) return label + " is a failed sample: it";
  std::string text = label + " " + format_quantity(*reading.value, dimension);
  if (reading.interval) {
    text += " " + format_interval(reading.interval->first, reading.interval->second, *reading.value, dimension);
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
  result.seconds = bad_by_second(metric, selector, limit, evidence, seconds);
  result.observed = sum_of(result.seconds);
  const std::string_view best = best_case_metric(metric);
  result.best = best == metric ? result.observed : sum_of(bad_by_second(best, selector, limit, evidence, seconds));
  result.missing = evidence.missing(metric, selector, seconds);
  result.worst = {result.observed.bad + result.missing, result.observed.total + result.missing};
  if (result.missing > 0) add_missing_by_second(metric, selector, evidence, seconds, result.seconds);
  return result;
}

std::string basis(std::uint64_t samples, std::uint64_t failed, std::uint64_t missing, const DecisionRules& rules,
                  const Clustering& clustering) {
  std::string text = counted(samples, "sample");
  if (failed > 0) text += fmt::format(", {} failed", format_count(failed));
  if (missing > 0) text += fmt::format(", {} owed by the generator", format_count(missing));
  if (samples == 0) return text;
  if (!rules.confidence) return text + "; by the value alone";
  if (!clustering.estimable) return text + "; clustering not estimable";
  if (clustering.effect < 1.05) return text;
  return text + fmt::format(", clustered: worth {} independent ones",
                            format_count(static_cast<std::uint64_t>(static_cast<double>(samples) * clustering.worth)));
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
  reading.interval = rank_interval(samples, measure.quantile, wants_small(expression.limit.comparison),
                                   decision.clustering.worth, rules);
  reading.reason = fmt::format(
      "{} {} ({})", value_text(reading, measure), outcome_phrase(expression.limit, reading.outcome, decision.doubt),
      basis(reading.samples, times.failed.count(), shares.missing, rules, decision.clustering));
  return reading;
}

}  // namespace tidegate::gates
