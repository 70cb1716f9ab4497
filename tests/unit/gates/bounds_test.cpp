#include "gates/bounds.hpp"

#include <cmath>
#include <string>

#include "base/random.hpp"
#include "tests/support/catch.hpp"

using namespace tidegate;
using namespace tidegate::gates;

TEST_CASE("one-sided Clopper-Pearson bounds agree with published figures", "[bounds]") {
  struct Row {
    std::uint64_t bad, total;
    double confidence, lower, upper;
  };
  const Row rows[] = {
      // The rule of three's exact form: no event in n, 1 - 0.05^(1/n).
      {0, 10, 0.95, 0, 0.258866},
      {0, 100, 0.95, 0, 0.029513},
      // Two-sided 95 % intervals of textbooks are one-sided bounds at 97.5 %: 1 of 10, 5 of 10.
      {1, 10, 0.975, 0.002529, 0.445016},
      {5, 10, 0.975, 0.187086, 0.812914},
      // Clopper and Pearson's own charts, and the usual example of 4 of 20.
      {4, 20, 0.975, 0.057334, 0.436614},
      // All of them: the mirror image of none.
      {10, 10, 0.95, 0.741134, 1},
      // 81 of 263, from Brown, Cai and DasGupta's review.
      {81, 263, 0.975, 0.252700, 0.367600},
  };
  for (const Row& row : rows) {
    INFO(row.bad << " of " << row.total << " at " << row.confidence);
    CHECK(share_lower_bound(row.bad, row.total, row.confidence) == Approx(row.lower).margin(2e-4));
    CHECK(share_upper_bound(row.bad, row.total, row.confidence) == Approx(row.upper).margin(2e-4));
  }
}

TEST_CASE("without samples anything is possible", "[bounds]") {
  CHECK(share_lower_bound(0, 0, 0.95) == 0);
  CHECK(share_upper_bound(0, 0, 0.95) == 1);
}

TEST_CASE("the fewest samples follow from the bound", "[bounds]") {
  CHECK(minimum_samples(0.01, 0.95) == 299);
  CHECK(minimum_samples(1 - 0.99, 0.95) == 299);
  CHECK(minimum_samples(1 - 0.999, 0.95) == 2995);
  CHECK(minimum_samples(1 - 0.9999, 0.95) == 29956);
  CHECK(minimum_samples(0.00001, 0.95) == 299572);  // 0.001 %, the figure of the full variants
  CHECK(minimum_samples(0.5, 0.95) == 5);
  CHECK(minimum_samples(1.5, 0.95) == 1);  // a budget that may burn faster than it can
  for (const double allowed : {0.3, 0.05, 0.01, 0.0005}) {
    const std::uint64_t fewest = minimum_samples(allowed, 0.95);
    CHECK(share_upper_bound(0, fewest, 0.95) <= allowed * (1 + 1e-6));
    CHECK(share_upper_bound(0, fewest - 1, 0.95) > allowed);
  }
}

TEST_CASE("bounds cover the truth as often as they promise", "[bounds]") {
  // 2,000 seeded trials per row; the coverage of an exact bound is never below its confidence. Three standard
  // deviations of the trial itself are allowed.
  const double share = GENERATE(0.5, 0.1, 0.01);
  constexpr int kTrials = 2000, kSamples = 400;
  Draws draws(20241129, 1, static_cast<std::uint64_t>(share * 1000));
  int below = 0, above = 0;
  for (int trial = 0; trial < kTrials; ++trial) {
    std::uint64_t bad = 0;
    for (int i = 0; i < kSamples; ++i) bad += draws.uniform() < share ? 1 : 0;
    below += share_lower_bound(bad, kSamples, 0.95) <= share ? 1 : 0;
    above += share_upper_bound(bad, kSamples, 0.95) >= share ? 1 : 0;
  }
  const double least = 0.95 - 3 * std::sqrt(0.95 * 0.05 / kTrials);
  INFO("share " << share << ", seed 20241129");
  CHECK(below >= least * kTrials);
  CHECK(above >= least * kTrials);
}

TEST_CASE("order statistics bound a quantile where the share's bounds say so", "[bounds]") {
  // p50 of 100: ranks 42 and 59 (one-sided 95 %), from tables of the binomial.
  const RankInterval median = quantile_ranks(100, 0.5, 0.95);
  CHECK(median.low == 42);
  CHECK(median.high == 59);
  // Too few for an upper bound of p99: the highest of 298 is not one, that of 299 is.
  CHECK(quantile_ranks(298, 0.99, 0.95).high == 299);
  CHECK(quantile_ranks(299, 0.99, 0.95).high == 299);
  CHECK(quantile_ranks(0, 0.99, 0.95).low == 0);
  // The same decision by ranks and by shares: the interval lies above a limit exactly when the share's bound is broken.
  for (const std::uint64_t total : {300u, 1000u, 5000u}) {
    const RankInterval ranks = quantile_ranks(total, 0.99, 0.95);
    for (std::uint64_t good = total * 95 / 100; good <= total; ++good) {
      const bool above = ranks.low > good;  // the low rank is one of the bad samples
      CHECK(above == (share_lower_bound(total - good, total, 0.95) > 0.01));
    }
  }
}

TEST_CASE("a nearest rank is free of binary rounding", "[bounds]") {
  CHECK(quantile_rank(100, 0.99) == 99);
  CHECK(quantile_rank(1000, 0.999) == 999);
  CHECK(quantile_rank(101, 0.99) == 100);
  CHECK(quantile_rank(1, 0.5) == 1);
  CHECK(quantile_rank(0, 0.5) == 1);
  CHECK(within_share(1, 10, 1 - 0.9));  // 1 - 0.9 is a little under 0.1
  CHECK(within_share(3, 300, 1 - 0.99));
  CHECK_FALSE(within_share(4, 300, 1 - 0.99));
}
