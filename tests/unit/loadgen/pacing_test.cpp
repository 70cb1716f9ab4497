// The planned rate and the drawn arrivals: pure functions, so simulated time is enough.

#include <cmath>
#include <vector>

#include "base/random.hpp"
#include "loadgen/arrivals.hpp"
#include "loadgen/rate_curve.hpp"
#include "tests/support/catch.hpp"

namespace tidegate::loadgen {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

struct Stage {
  Nanoseconds length;
  double to;
};

RateCurve curve_of(double start_rate, const std::vector<Stage>& stages, Nanoseconds start = Nanoseconds{0}) {
  RateCurve curve(start);
  for (double from = start_rate; const Stage& stage : stages) {
    curve.append(stage.length, from, stage.to);
    from = stage.to;
  }
  return curve;
}

std::vector<Arrival> all_of(const RateCurve& curve, Spacing spacing, std::uint64_t seed = 1) {
  std::vector<Arrival> arrivals;
  ArrivalSequence sequence(curve, spacing, seed, 7);
  while (const auto arrival = sequence.next()) arrivals.push_back(*arrival);
  return arrivals;
}

}  // namespace

TEST_CASE("even arrivals are exactly as many as the curve's integral") {
  struct Row {
    const char* what;
    double start_rate;
    std::vector<Stage> stages;
    std::size_t count;
  };
  const Row rows[] = {
      {"a constant rate", 100, {{seconds(10), 100}}, 1000},
      {"one arrival an hour: the first, at once", 1.0 / 3600, {{seconds(60), 1.0 / 3600}}, 1},
      {"a third: rounding must not add one", 1.0 / 3, {{seconds(9), 1.0 / 3}}, 3},
      {"a ramp from nothing is a triangle", 0, {{seconds(10), 100}}, 500},
      {"a ramp down to nothing", 100, {{seconds(10), 0}}, 500},
      {"the smoke scenario: 48 x 3, a ramp of 7 s, 600 x 15, 600 x 8",
       48,
       {{seconds(3), 48}, {seconds(7), 600}, {seconds(15), 600}, {seconds(8), 600}},
       144 + 2268 + 9000 + 4800},
      {"a jump: a stage that takes no time", 10, {{seconds(1), 10}, {seconds(0), 1000}, {seconds(1), 1000}}, 1010},
      {"a pause in the middle",
       10,
       {{seconds(1), 10}, {seconds(0), 0}, {seconds(5), 0}, {seconds(0), 10}, {seconds(1), 10}},
       20},
      {"nothing at all", 0, {{seconds(10), 0}}, 0},
      {"a part of one arrival is still the first one", 0.5, {{seconds(1), 0.5}}, 1},
      {"2.5 arrivals expected: at 0, 1 and 2", 2.5, {{seconds(1), 2.5}}, 3},
  };
  for (const Row& row : rows) {
    INFO(row.what);
    CHECK(all_of(curve_of(row.start_rate, row.stages), Spacing::even).size() == row.count);
  }
}

TEST_CASE("even arrivals stand where the integral reaches their index") {
  const RateCurve steady = curve_of(400, {{seconds(10), 400}});
  CHECK(steady.time_of(0) == Nanoseconds{0});
  CHECK(steady.time_of(1) == std::chrono::microseconds(2500));
  CHECK(steady.time_of(399) == seconds(1) - std::chrono::microseconds(2500));
  const RateCurve ramp = curve_of(0, {{seconds(10), 100}});  // n(t) = 5 t^2
  CHECK(ramp.time_of(5) == seconds(1));
  CHECK(ramp.time_of(125) == seconds(5));
  const RateCurve later = curve_of(10, {{seconds(1), 10}}, seconds(30));
  CHECK(later.time_of(5) == seconds(30) + milliseconds(500));
}

TEST_CASE("time and arrivals are inverse to each other, whatever the shape") {
  const RateCurve curve = curve_of(3, {{milliseconds(1500), 90}, {seconds(0), 7}, {seconds(4), 0}, {seconds(2), 55}});
  for (double position = 0; position < curve.total() - 1e-6; position += 0.37) {
    INFO(position);
    CHECK(curve.arrivals_before(curve.time_of(position)) == Approx(position).margin(1e-5));
  }
  CHECK(curve.arrivals_before(seconds(-5)) == 0);
  CHECK(curve.arrivals_before(seconds(500)) == curve.total());
  CHECK(curve.rate_at(seconds(-1)) == 0);
  CHECK(curve.rate_at(curve.end()) == 0);
  CHECK(curve.rate_at(milliseconds(750)) == Approx(46.5));
}

TEST_CASE("arrivals never go back in time") {
  for (const Spacing spacing : {Spacing::even, Spacing::poisson}) {
    const auto arrivals = all_of(curve_of(0, {{seconds(3), 900}, {seconds(2), 0}, {seconds(1), 50}}), spacing);
    REQUIRE(arrivals.size() > 2000);
    for (std::size_t i = 1; i < arrivals.size(); ++i) {
      REQUIRE(arrivals[i].index == arrivals[i - 1].index + 1);
      REQUIRE(arrivals[i].time >= arrivals[i - 1].time);
    }
    CHECK(arrivals.back().time < seconds(6));
  }
}

TEST_CASE("Poisson gaps have the mean and the variance of the rate, and the counts theirs") {
  constexpr double kRate = 1000;
  const auto arrivals = all_of(curve_of(kRate, {{seconds(100), kRate}}), Spacing::poisson, 42);
  // 100,000 expected; four standard deviations of a Poisson count are 1,265.
  CHECK(std::abs(static_cast<double>(arrivals.size()) - 100'000) < 1265);
  double sum = 0, squares = 0;
  for (std::size_t i = 1; i < arrivals.size(); ++i) {
    const double gap = to_seconds(arrivals[i].time - arrivals[i - 1].time) * kRate;
    sum += gap;
    squares += gap * gap;
  }
  const double n = static_cast<double>(arrivals.size() - 1);
  const double mean = sum / n, variance = squares / n - mean * mean;
  CHECK(mean == Approx(1).margin(0.013));      // 4 / sqrt(n)
  CHECK(variance == Approx(1).margin(0.036));  // 4 * sqrt(8 / n)
  std::vector<double> per_second(100, 0);
  for (const Arrival& arrival : arrivals) per_second[static_cast<std::size_t>(second_of(arrival.time))] += 1;
  double dispersion = 0;
  for (const double count : per_second) dispersion += (count - kRate) * (count - kRate) / kRate / 100;
  CHECK(dispersion > 0.5);  // an even schedule has 0
  CHECK(dispersion < 1.6);  // chi-square with 100 degrees, four deviations
}

TEST_CASE("Poisson arrivals follow a ramp") {
  const auto arrivals = all_of(curve_of(0, {{seconds(100), 2000}}), Spacing::poisson, 3);
  std::size_t first_half = 0;
  for (const Arrival& arrival : arrivals) first_half += arrival.time < seconds(50);
  CHECK(static_cast<double>(first_half) / static_cast<double>(arrivals.size()) == Approx(0.25).margin(0.006));
}

TEST_CASE("seed and block decide the Poisson arrivals, and nothing else does") {
  const RateCurve curve = curve_of(500, {{seconds(2), 500}});
  const auto times_of = [&](std::uint64_t seed, std::uint64_t stream) {
    std::vector<std::int64_t> times;
    ArrivalSequence sequence(curve, Spacing::poisson, seed, stream);
    while (const auto arrival = sequence.next()) times.push_back(arrival->time.count());
    return times;
  };
  CHECK(times_of(1, 7) == times_of(1, 7));
  CHECK(times_of(1, 7) != times_of(2, 7));
  CHECK(times_of(1, 7) != times_of(1, 8));
}

TEST_CASE("one, two and seven loops play the same arrivals, record by record") {
  for (const Spacing spacing : {Spacing::even, Spacing::poisson}) {
    const RateCurve curve = curve_of(10, {{seconds(2), 800}, {seconds(1), 800}});
    const auto whole = all_of(curve, spacing);
    for (const std::uint64_t loops : {1, 2, 7}) {
      std::vector<Arrival> merged(whole.size());
      std::size_t played = 0;
      for (std::uint64_t k = 0; k < loops; ++k) {
        ArrivalSequence sequence(curve, spacing, 1, 7);
        while (const auto arrival = sequence.next_of(k, loops)) {
          REQUIRE(arrival->index % loops == k);
          REQUIRE(arrival->index < whole.size());
          merged[arrival->index] = *arrival;
          ++played;
        }
      }
      REQUIRE(played == whole.size());
      for (std::size_t i = 0; i < whole.size(); ++i) {
        REQUIRE(merged[i].index == i);
        REQUIRE(merged[i].time == whole[i].time);
      }
    }
  }
}

TEST_CASE("an ended sequence stays ended") {
  const RateCurve curve = curve_of(2, {{seconds(1), 2}});
  ArrivalSequence sequence(curve, Spacing::poisson, 1, 1);
  while (sequence.next()) {
  }
  CHECK_FALSE(sequence.next());
  CHECK_FALSE(sequence.next_of(0, 3));
}

}  // namespace tidegate::loadgen
