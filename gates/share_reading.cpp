#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/units.hpp"
#include "gates/percentile.hpp"
#include "gates/reading_parts.hpp"

namespace tidegate::gates {
namespace {

// Requests and those of them that failed; the two counters tell the same, and the larger one is believed.
Share failed_share(const Measure& measure, const Evidence& evidence, const SecondSet& seconds) {
  Selector not_expected = measure.selector;
  not_expected.require("expected", "false");
  const auto whole = [](double value) { return static_cast<std::uint64_t>(std::llround(std::max(value, 0.0))); };
  const std::uint64_t failed = std::max(whole(evidence.counter(record::kHttpReqFailed, measure.selector, seconds)),
                                        whole(evidence.counter(record::kHttpReqs, not_expected, seconds)));
  return {failed, std::max(whole(evidence.counter(record::kHttpReqs, measure.selector, seconds)), failed)};
}

ShareEvidence failed_requests(const Measure& measure, const Evidence& evidence, const SecondSet& seconds,
                              const DecisionRules& rules) {
  ShareEvidence result;
  result.missing = evidence.missing(measure.metric, measure.selector, seconds);
  result.observed = result.best = failed_share(measure, evidence, seconds);
  result.worst = {result.observed.bad + result.missing, result.observed.total + result.missing};
  if (!rules.confidence) return result;
  for (const Span& span : seconds.spans()) {
    for (std::int32_t second = span.from; second < span.to; ++second) {
      const SecondSet one(second, second + 1);
      Share share = failed_share(measure, evidence, one);
      const std::uint64_t missing = result.missing == 0 ? 0 : evidence.missing(measure.metric, measure.selector, one);
      share.bad += missing;
      share.total += missing;
      result.seconds.push_back(share);
    }
  }
  return result;
}

// A `rate(http_req_failed) > x` gate asks for failures: the samples to be bad are then the successes.
ShareEvidence flipped(ShareEvidence evidence) {
  const auto flip = [](const Share& share, std::uint64_t missing) {
    return Share{share.total - share.bad + missing, share.total + missing};
  };
  evidence.worst = flip(evidence.observed, evidence.missing);
  evidence.observed = flip(evidence.observed, 0);
  evidence.best = flip(evidence.best, 0);
  for (Share& second : evidence.seconds) second = flip(second, 0);
  return evidence;
}

}  // namespace

bool is_failure_share(const Measure& measure) {
  return measure.kind.is_failure_share && measure.aggregate == Aggregate::rate;
}

Reading read_failed_share(const Expression& expression, const Evidence& evidence, const SecondSet& seconds,
                          const DecisionRules& rules) {
  const ShareEvidence failed = failed_requests(expression.measure, evidence, seconds, rules);
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
                  basis(reading.samples, failed.observed.bad, failed.missing, rules, decision.clustering));
  return reading;
}

namespace {

std::uint64_t whole_microseconds_after(double seconds) {
  return static_cast<std::uint64_t>(std::llround(seconds * 1e6)) + 1;
}

// An answer within the target is satisfied, one within four times of it half so, any other frustrated. In half units,
// bad ones: a value of 0, 1/2 or 1 varies less than a share of the same mean, so the bounds of shares are on the safe
// side.
std::vector<Share> frustration_by_second(std::string_view metric, const Measure& measure, const Evidence& evidence,
                                         const SecondSet& seconds) {
  const auto over = evidence.over(metric, measure.selector, whole_microseconds_after(measure.target_s), seconds);
  const auto far = evidence.over(metric, measure.selector, whole_microseconds_after(4 * measure.target_s), seconds);
  std::vector<Share> shares;
  for (std::size_t i = 0; i < over.size(); ++i) {
    const bool any = measure.selector.any_outcome;
    const std::uint64_t failed_halves =
        any ? over[i].failed.at_or_over + far[i].failed.at_or_over : 2 * over[i].failed.total;
    shares.push_back({over[i].expected.at_or_over + far[i].expected.at_or_over + failed_halves,
                      over[i].expected.total + over[i].failed.total});
  }
  return shares;
}

Share halved(const std::vector<Share>& halves, bool upward) {
  Share sum;
  for (const Share& one : halves) {
    sum.bad += one.bad;
    sum.total += one.total;
  }
  sum.bad = (sum.bad + (upward ? 1 : 0)) / 2;
  return sum;
}

}  // namespace

Reading read_apdex(const Expression& expression, const Evidence& evidence, const SecondSet& seconds,
                   const DecisionRules& rules) {
  const Measure& measure = expression.measure;
  auto halves = frustration_by_second(measure.metric, measure, evidence, seconds);
  ShareEvidence shares;
  shares.observed = halved(halves, true);
  const std::string_view best = best_case_metric(measure.metric);
  shares.best =
      halved(best == measure.metric ? halves : frustration_by_second(best, measure, evidence, seconds), false);
  shares.missing = evidence.missing(measure.metric, measure.selector, seconds);
  shares.worst = {shares.observed.bad + shares.missing, shares.observed.total + shares.missing};
  for (Share& second : halves) second.bad = std::min(second.total, (second.bad + 1) / 2);
  shares.seconds = std::move(halves);
  const ShareDecision decision = decide_share(shares, *allowed_share(expression), rules);
  Reading reading;
  reading.outcome = decision.outcome;
  reading.samples = shares.observed.total;
  if (reading.samples > 0) {
    reading.value = 1 - shares.observed.value();
    reading.interval = std::pair{1 - decision.upper, 1 - decision.lower};
  }
  reading.reason = fmt::format("apdex{} {} ({})",
                               reading.value ? fmt::format(" {:.3f} [{:.3f}, {:.3f}]", *reading.value,
                                                           reading.interval->first, reading.interval->second)
                                             : "",
                               outcome_phrase(expression.limit, reading.outcome, decision.doubt),
                               basis(reading.samples, 0, shares.missing, rules, decision.clustering));
  return reading;
}

}  // namespace tidegate::gates
