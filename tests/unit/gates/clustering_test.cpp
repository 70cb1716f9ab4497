// The bounds as an opponent would test them: do they hold as often as they say, are they no wider than they must be,
// and can clustering ever help. The seed is printed with every failure.

#include "gates/clustering.hpp"

#include <cmath>
#include <functional>
#include <random>
#include <vector>

#include "gates/decision.hpp"
#include "tests/unit/gates/fixture.hpp"

using namespace tidegate;
using namespace tidegate::gates;

namespace {

constexpr std::uint64_t kSeed = 20241129;
constexpr int kTrials = 1500;
using Random = std::mt19937_64;

std::uint64_t poisson(Random& random, double mean) {
  return std::poisson_distribution<std::uint64_t>(mean)(random);
}
std::uint64_t binomial(Random& random, std::uint64_t total, double share) {
  return std::binomial_distribution<std::uint64_t>(total, std::min(share, 1.0))(random);
}
double uniform(Random& random) {
  return std::uniform_real_distribution<>()(random);
}

Share sum_of(const std::vector<Share>& seconds) {
  Share sum;
  for (const Share& one : seconds) {
    sum.bad += one.bad;
    sum.total += one.total;
  }
  return sum;
}

struct Source {
  const char* what;
  int seconds;
  std::function<std::vector<Share>(Random&, int)> draw;
};

std::vector<Share> independent(Random& random, int seconds) {
  std::vector<Share> drawn;
  for (int i = 0; i < seconds; ++i) {
    const auto total = poisson(random, 100);
    drawn.push_back({binomial(random, total, 0.01), total});
  }
  return drawn;
}

// Each second has a level of its own.
std::vector<Share> uneven(Random& random, int seconds) {
  std::vector<Share> drawn;
  for (int i = 0; i < seconds; ++i) {
    const auto total = poisson(random, 100);
    const double level = std::exp(0.8 * std::normal_distribution<>()(random) - 0.32);
    drawn.push_back({binomial(random, total, 0.01 * level), total});
  }
  return drawn;
}

// Bursts of 3 s on average, ten times worse than the quiet 9 s between them.
std::vector<Share> bursts(Random& random, int seconds) {
  std::vector<Share> drawn;
  bool bursting = uniform(random) < 0.25;
  for (int i = 0; i < seconds; ++i) {
    bursting = bursting ? uniform(random) >= 1.0 / 3 : uniform(random) < 1.0 / 9;
    const auto total = poisson(random, 100);
    drawn.push_back({binomial(random, total, bursting ? 0.031 : 0.003), total});
  }
  return drawn;
}

// Volume with a heavy tail: some seconds hold twenty times the usual.
std::vector<Share> heavy(Random& random, int seconds) {
  std::vector<Share> drawn;
  for (int i = 0; i < seconds; ++i) {
    const auto total = static_cast<std::uint64_t>(std::min(2000.0, 50 * std::pow(uniform(random), -1 / 1.8)));
    drawn.push_back({binomial(random, total, 0.01), total});
  }
  return drawn;
}

double upper_of(const std::vector<Share>& seconds) {
  const Share sum = sum_of(seconds);
  const double worth = estimate_clustering(seconds, 0.95).worth;
  return share_upper_bound(static_cast<double>(sum.bad) * worth, static_cast<double>(sum.total) * worth, 0.95);
}

}  // namespace

TEST_CASE("the upper bound holds 93 times of 100 and is not wider than 1.5 times the ideal", "[statistics]") {
  const Source sources[] = {
      {"independent, 60 blocks", 60, independent}, {"independent, 10 min", 600, independent},
      {"uneven seconds, 60 blocks", 60, uneven},   {"uneven seconds, 10 min", 600, uneven},
      {"bursts, 60 of their cycles", 720, bursts}, {"heavy-tailed volume, 60 blocks", 60, heavy},
      {"heavy-tailed volume, 10 min", 600, heavy},
  };
  for (const Source& source : sources) {
    Random random(kSeed);
    std::vector<std::vector<Share>> trials;
    double mean = 0, squares = 0;
    for (int i = 0; i < kTrials; ++i) {
      trials.push_back(source.draw(random, source.seconds));
      const double share = sum_of(trials.back()).value();
      mean += share / kTrials;
      squares += share * share / kTrials;
    }
    // The truth and the ideal come from the trials themselves: the bound of one who knows the variance.
    const double ideal_samples = mean * (1 - mean) / (squares - mean * mean);
    const double ideal = share_upper_bound(mean * ideal_samples, ideal_samples, 0.95) - mean;
    int held = 0;
    double width = 0;
    for (const auto& trial : trials) {
      const double upper = upper_of(trial);
      held += upper >= mean ? 1 : 0;
      width += (upper - sum_of(trial).value()) / kTrials;
    }
    const double coverage = static_cast<double>(held) / kTrials;
    INFO("seed " << kSeed << ", " << source.what << ": coverage " << coverage << ", width " << width / ideal
                 << " of the ideal");
    CHECK(coverage >= 0.93);
    CHECK(width <= 1.5 * ideal);
  }
}

TEST_CASE("the lower bound of independent samples holds 93 times of 100", "[statistics]") {
  Random random(kSeed);
  int held = 0;
  for (int i = 0; i < kTrials; ++i) {
    const Share sum = sum_of(independent(random, 60));
    held += share_lower_bound(static_cast<double>(sum.bad), static_cast<double>(sum.total), 0.95) <= 0.01 ? 1 : 0;
  }
  INFO("seed " << kSeed);
  CHECK(held >= 0.93 * kTrials);
}

TEST_CASE("the design effect of samples that are all alike, few, or one event", "[clustering]") {
  struct Row {
    const char* what;
    std::vector<Share> seconds;
    bool estimable;
    double least_effect, most_effect;
  };
  std::vector<Share> clean(60, {0, 100}), all_bad(60, {100, 100}), short_window(9, {1, 100}), even(60, {1, 100});
  std::vector<Share> one_event(60, {0, 100}), gaps(60, {0, 0});
  one_event[30] = {50, 100};
  for (std::size_t i = 0; i < 60; i += 6) gaps[i] = {1, 100};
  const Row rows[] = {
      {"no second at all", {}, false, 1, 1},
      {"no samples", std::vector<Share>(60), true, 1, 1},
      {"clean", clean, true, 1, 1},
      {"nothing but bad", all_bad, true, 1, 1},
      {"fewer than ten seconds", short_window, false, 1, 1},
      {"evenly spread: less than independent does not make samples worth more", even, true, 1, 1},
      {"one event of 50 samples", one_event, true, 45, 55},
      {"seconds without samples", gaps, true, 1, 1.5},
  };
  for (const Row& row : rows) {
    const Clustering clustering = estimate_clustering(row.seconds, 0.95);
    INFO(row.what << ": effect " << clustering.effect << ", worth " << clustering.worth);
    CHECK(clustering.estimable == row.estimable);
    CHECK(clustering.effect >= row.least_effect);
    CHECK(clustering.effect <= row.most_effect);
    CHECK(clustering.worth <= 1);
    CHECK(clustering.worth > 0);
  }
}

TEST_CASE("more clustering never turns INCONCLUSIVE into PASS, and never excuses a FAIL", "[property]") {
  int seen[3] = {0, 0, 0};
  for (std::uint64_t trial = 0; trial < 600; ++trial) {
    Random random(kSeed + trial);
    std::vector<Share> spread;
    const double share = 0.002 + 0.012 * uniform(random);
    for (int i = 0; i < 60; ++i) spread.push_back({binomial(random, 100, share), 100});
    // The same samples, the bad ones moved together: first by the second, then into ever fewer seconds.
    std::vector<Share> sorted = spread, packed = spread;
    std::sort(sorted.begin(), sorted.end(), [](const Share& a, const Share& b) { return a.bad > b.bad; });
    const std::uint64_t all = sum_of(spread).bad;
    for (std::size_t i = 0; i < packed.size(); ++i)
      packed[i].bad = std::min<std::uint64_t>(100, all - std::min<std::uint64_t>(all, 100 * i));
    int before = 0;
    for (const auto* seconds : {&spread, &sorted, &packed}) {
      ShareEvidence evidence;
      evidence.observed = evidence.best = evidence.worst = sum_of(*seconds);
      evidence.seconds = *seconds;
      const Outcome outcome = decide_share(evidence, 0.01, {}).outcome;
      const int now = outcome == Outcome::pass ? 0 : outcome == Outcome::inconclusive ? 1 : 2;
      INFO("seed " << kSeed + trial << ", " << all << " bad of 6000");
      CHECK(now >= before);
      if (before == 2) CHECK(now == 2);
      before = now;
      ++seen[now];
    }
  }
  for (const int times : seen) CHECK(times > 30);
}
