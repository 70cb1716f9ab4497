#pragma once
// One-sided confidence bounds of a share, and what follows from them: how many samples a gate needs, and between which
// order statistics a percentile lies.
// Source: Clopper and Pearson, "The use of confidence or fiducial limits illustrated in the case of the binomial",
// Biometrika 26 (1934). The bounds are exact for independent samples; for samples that cluster the caller passes the
// counts that they are worth (gates/clustering.hpp), which need not be whole.

#include <cstdint>

namespace tidegate::gates {

inline constexpr double kDefaultConfidence = 0.95;

/// `bad` of `total` samples. The bounds hold one-sided, each with the confidence given: 0.5 < confidence < 1.
/// The smallest share that the samples still allow; 0 without samples.
double share_lower_bound(double bad, double total, double confidence);
/// The largest share that the samples still allow; 1 without samples.
double share_upper_bound(double bad, double total, double confidence);

/// The fewest samples, all of them good, whose upper bound is at most `allowed` (0 < allowed < 1): 299 for 1 % at 95 %.
std::uint64_t minimum_samples(double allowed, double confidence);

/// The ranks (1..total) of the order statistics that bound a quantile from below and above, each one-sided.
struct RankInterval {
  std::uint64_t low = 0;   ///< 0: no sample is a lower bound
  std::uint64_t high = 0;  ///< total + 1: no sample is an upper bound
};
RankInterval quantile_ranks(std::uint64_t total, double quantile, double confidence);

/// The nearest-rank position of a quantile: the smallest rank with at least that share of the samples at or below it.
std::uint64_t quantile_rank(std::uint64_t total, double quantile);

/// Whether `bad` of `total` is within `allowed`, free of the rounding of decimal shares in binary.
bool within_share(std::uint64_t bad, std::uint64_t total, double allowed);

}  // namespace tidegate::gates
