#include "gates/bounds.hpp"

#include <algorithm>
#include <boost/math/special_functions/beta.hpp>
#include <cmath>

#include "base/assert.hpp"

namespace tidegate::gates {
namespace {

// A share such as 1 - 0.999 is off by a few parts in 10^13; differences below this are not differences.
constexpr double kRelativeTolerance = 1e-9;

// P(X <= k) for X binomial with `total` trials of probability `share`.
double binomial_cumulative(std::uint64_t k, std::uint64_t total, double share) {
  if (k >= total) return 1;
  return boost::math::ibetac(static_cast<double>(k + 1), static_cast<double>(total - k), share);
}

}  // namespace

double share_lower_bound(double bad, double total, double confidence) {
  TIDEGATE_ASSERT(bad <= total);
  if (bad <= 0) return 0;
  return boost::math::ibeta_inv(bad, total - bad + 1, 1 - confidence);
}

double share_upper_bound(double bad, double total, double confidence) {
  TIDEGATE_ASSERT(bad <= total);
  if (bad >= total) return 1;
  return boost::math::ibeta_inv(bad + 1, total - bad, confidence);
}

std::uint64_t minimum_samples(double allowed, double confidence) {
  TIDEGATE_ASSERT(allowed > 0);
  if (allowed >= 1) return 1;
  const double limit = allowed * (1 + kRelativeTolerance);
  std::uint64_t high = 1;
  while (share_upper_bound(0, static_cast<double>(high), confidence) > limit) high *= 2;
  std::uint64_t low = high / 2;  // too few, or 0
  while (high - low > 1) {
    const std::uint64_t middle = low + (high - low) / 2;
    (share_upper_bound(0, static_cast<double>(middle), confidence) > limit ? low : high) = middle;
  }
  return high;
}

RankInterval quantile_ranks(std::uint64_t total, double quantile, double confidence) {
  const double tail = 1 - confidence;
  // The cumulative probability grows with the rank, so both ends are found by bisection.
  std::uint64_t low = 0, above = total + 1;
  while (above - low > 1) {
    const std::uint64_t rank = low + (above - low) / 2;
    (binomial_cumulative(rank - 1, total, quantile) <= tail ? low : above) = rank;
  }
  std::uint64_t below = 0, high = total + 1;
  while (high - below > 1) {
    const std::uint64_t rank = below + (high - below) / 2;
    (binomial_cumulative(rank - 1, total, quantile) >= confidence ? high : below) = rank;
  }
  return {low, high};
}

std::uint64_t quantile_rank(std::uint64_t total, double quantile) {
  const double exact = quantile * static_cast<double>(total);
  const double rank = std::ceil(exact - kRelativeTolerance * std::max(1.0, exact));
  return std::clamp<std::uint64_t>(static_cast<std::uint64_t>(std::max(rank, 1.0)), 1,
                                   std::max<std::uint64_t>(total, 1));
}

bool within_share(std::uint64_t bad, std::uint64_t total, double allowed) {
  return static_cast<double>(bad) <= allowed * static_cast<double>(total) * (1 + kRelativeTolerance);
}

}  // namespace tidegate::gates
