#pragma once
// How much samples cluster in time: a burst of slow answers is one event, not a hundred independent ones. The design
// effect says how many times fewer independent samples would tell as much.
// Sources: L. Kish, "Survey Sampling" (1965), the design effect; E. Korn and B. Graubard, "Confidence intervals for
// proportions with small expected number of positive counts", Survey Methodology 24 (1998), the effective sample size
// with Student's t.

#include <cstdint>
#include <span>

namespace tidegate::gates {

struct Share {
  std::uint64_t bad = 0;
  std::uint64_t total = 0;
  double value() const { return total == 0 ? 0 : static_cast<double>(bad) / static_cast<double>(total); }
};

/// Windows of fewer seconds do not tell.
inline constexpr std::size_t kFewestSecondsForClustering = 10;

struct Clustering {
  bool estimable = false;  ///< false: too few seconds; the samples then count as independent
  double effect = 1;       ///< the design effect, at least 1
  double worth = 1;        ///< independent samples that one is worth, Student's t for the number of blocks included
};

/// From the samples of each second of a window, in order; seconds without samples included. All block lengths from one
/// second to a tenth of the window are tried (so also those of twice the autocorrelation time, while 10 blocks remain),
/// and the one that finds the most clustering counts: putting the bad samples closer together never makes them worth
/// more.
Clustering estimate_clustering(std::span<const Share> seconds, double confidence);

}  // namespace tidegate::gates
