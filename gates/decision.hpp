#pragma once
// The one rule by which gates decide, stated twice: for shares with bounds, and for values that are a census.
//
// Arrivals that the generator dropped, delayed or never sent bound the truth from two sides. Best case: as if they did
// not exist and time ran from the actual send. Worst case: time runs from the intended start and each of them is bad.
// Best case broken: FAIL. Worst case holds: PASS. Otherwise the run cannot decide: INCONCLUSIVE.
//
// What happened in a window is a census, so that samples which cluster may withhold a PASS and never excuse a FAIL:
// FAIL takes the samples as independent, PASS only for what they are worth.

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "gates/bounds.hpp"
#include "gates/clustering.hpp"
#include "gates/quantity.hpp"
#include "record/verdict.hpp"

namespace tidegate::gates {

/// The options that every gate takes.
struct DecisionRules {
  std::optional<double> confidence = kDefaultConfidence;  ///< none: the value alone decides
  std::optional<std::uint64_t> min_samples;               ///< none: what a clean series needs for its bound
};

/// What is known of a share: as observed (from the intended start, drops left out), and from both sides.
struct ShareEvidence {
  Share observed, best, worst;
  std::uint64_t missing = 0;   ///< samples that the generator owes
  std::vector<Share> seconds;  ///< the worst case second by second, to see clusters; empty: not estimable
};

struct ShareDecision {
  record::Outcome outcome = record::Outcome::inconclusive;
  std::string doubt;            ///< why it could not be decided; empty otherwise
  double lower = 0, upper = 1;  ///< one-sided bounds of the observed share; the share itself without confidence
  std::uint64_t needed = 1;     ///< samples without which it cannot pass
  Clustering clustering;
};

/// The fewest samples for a PASS.
std::uint64_t needed_samples(double allowed, const DecisionRules& rules);
/// Holds when the share of bad samples is at most `allowed`.
ShareDecision decide_share(const ShareEvidence& evidence, double allowed, const DecisionRules& rules);

/// A census: no bounds, but still two sides. A side without a value is unknown.
struct ValueEvidence {
  std::optional<double> best, worst;
  std::uint64_t samples = 0;
  std::uint64_t missing = 0;
};
struct ValueDecision {
  record::Outcome outcome = record::Outcome::inconclusive;
  std::string doubt;
};
ValueDecision decide_value(const ValueEvidence& evidence, const Limit& limit, const DecisionRules& rules);

/// "1 sample", "11,987 samples".
std::string counted(std::uint64_t count, std::string_view singular);

}  // namespace tidegate::gates
