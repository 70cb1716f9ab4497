#include "gates/decision.hpp"

#include <fmt/format.h>

#include "base/units.hpp"

namespace tidegate::gates {
namespace {

using record::Outcome;

bool share_is_broken(const Share& share, double allowed, const DecisionRules& rules) {
  if (share.total == 0 || within_share(share.bad, share.total, allowed)) return false;
  return !rules.confidence || share_lower_bound(static_cast<double>(share.bad), static_cast<double>(share.total),
                                                *rules.confidence) > allowed;
}

// `worth`: independent samples that one is worth.
double upper_bound(const Share& share, double worth, double confidence) {
  return share_upper_bound(static_cast<double>(share.bad) * worth, static_cast<double>(share.total) * worth,
                           confidence);
}

bool share_holds(const Share& share, double allowed, const DecisionRules& rules, double worth) {
  if (share.total == 0 || !within_share(share.bad, share.total, allowed)) return false;
  // The tolerance is that of minimum_samples: a clean series of exactly that size passes.
  return !rules.confidence || upper_bound(share, worth, *rules.confidence) <= allowed * (1 + 1e-9);
}

std::string generator_doubt(std::uint64_t missing) {
  if (missing == 0) return "the generator was late: timed from the send it is not broken, from the schedule it is";
  return fmt::format("the generator owes {}: without them it is not broken, with them it does not hold",
                     counted(missing, "sample"));
}

std::string few_samples(std::uint64_t samples, std::uint64_t needed) {
  return fmt::format("{}, {} needed", counted(samples, "sample"), format_count(needed));
}

std::string share_doubt(const ShareEvidence& evidence, double allowed, const DecisionRules& rules,
                        const ShareDecision& decision) {
  const Share& observed = evidence.observed;
  if (observed.total == 0) {
    return evidence.missing > 0 ? generator_doubt(evidence.missing) : std::string("no samples");
  }
  if (evidence.best.total == 0) return "times from the actual send were not recorded";
  // Would the run have decided, had the generator kept its schedule? Then the generator is the reason.
  const double worth = decision.clustering.worth;
  const bool decided = share_holds(observed, allowed, rules, worth) || share_is_broken(observed, allowed, rules);
  if (decided && observed.total >= decision.needed) return generator_doubt(evidence.missing);
  if (observed.total < decision.needed) return few_samples(observed.total, decision.needed);
  if (share_holds(observed, allowed, rules, 1)) {
    return fmt::format("the samples cluster in time and are worth only {} independent ones",
                       format_count(static_cast<std::uint64_t>(static_cast<double>(observed.total) * worth)));
  }
  return "the bounds lie on both sides of the limit";
}

}  // namespace

std::string counted(std::uint64_t count, std::string_view singular) {
  return fmt::format("{} {}{}", format_count(count), singular, count == 1 ? "" : "s");
}

std::uint64_t needed_samples(double allowed, const DecisionRules& rules) {
  const std::uint64_t by_bound = rules.confidence ? minimum_samples(allowed, *rules.confidence) : 1;
  return rules.min_samples.value_or(by_bound);
}

ShareDecision decide_share(const ShareEvidence& evidence, double allowed, const DecisionRules& rules) {
  ShareDecision decision;
  decision.needed = needed_samples(allowed, rules);
  const Share& observed = evidence.observed;
  if (rules.confidence) {
    decision.clustering = estimate_clustering(evidence.seconds, *rules.confidence);
    decision.lower =
        share_lower_bound(static_cast<double>(observed.bad), static_cast<double>(observed.total), *rules.confidence);
    decision.upper = upper_bound(observed, decision.clustering.worth, *rules.confidence);
  } else {
    decision.lower = decision.upper = observed.value();
  }
  if (share_is_broken(evidence.best, allowed, rules)) {
    decision.outcome = Outcome::fail;
  } else if (observed.total >= decision.needed &&
             share_holds(evidence.worst, allowed, rules, decision.clustering.worth)) {
    decision.outcome = Outcome::pass;
  } else {
    decision.doubt = share_doubt(evidence, allowed, rules, decision);
  }
  return decision;
}

ValueDecision decide_value(const ValueEvidence& evidence, const Limit& limit, const DecisionRules& rules) {
  const std::uint64_t needed = rules.min_samples.value_or(1);
  if (evidence.best && evidence.samples > 0 && !limit.holds(*evidence.best)) return {Outcome::fail, ""};
  if (evidence.samples == 0 && evidence.missing == 0) return {Outcome::inconclusive, "no samples"};
  if (evidence.samples < needed) return {Outcome::inconclusive, few_samples(evidence.samples, needed)};
  if (evidence.worst && limit.holds(*evidence.worst)) return {Outcome::pass, ""};
  return {Outcome::inconclusive, generator_doubt(evidence.missing)};
}

}  // namespace tidegate::gates
