#include "reports/change_points.hpp"

#include <cmath>

#include "base/random.hpp"
#include "tests/support/catch.hpp"

using namespace tidegate;
using namespace tidegate::reports;

namespace {

/// Values around levels, with noise of the given share; each level for `length` values.
std::vector<double> steps(std::initializer_list<double> levels, std::size_t length, double noise,
                          std::uint64_t stream) {
  Draws draws(11, stream, 0);
  std::vector<double> out;
  for (const double level : levels) {
    for (std::size_t i = 0; i < length; ++i) {
      const double normal = draws.uniform() + draws.uniform() + draws.uniform() + draws.uniform() - 2;
      out.push_back(level * (1 + noise * normal));
    }
  }
  return out;
}

}  // namespace

TEST_CASE("a step is found where it is") {
  const auto found = change_points(steps({100, 115}, 15, 0.03, 1001));
  REQUIRE(found.size() == 1);
  CHECK(found[0].at >= 14);
  CHECK(found[0].at <= 16);
  CHECK(found[0].before == Approx(100).epsilon(0.05));
  CHECK(found[0].after == Approx(115).epsilon(0.05));
  CHECK(found[0].p <= 0.01);
}

TEST_CASE("several steps are found in order") {
  const auto found = change_points(steps({100, 140, 180}, 12, 0.03, 1002));
  REQUIRE(found.size() == 2);
  CHECK(std::abs(static_cast<int>(found[0].at) - 12) <= 1);
  CHECK(std::abs(static_cast<int>(found[1].at) - 24) <= 1);
}

TEST_CASE("noise alone, outliers, and too few values are no change") {
  int alarms = 0;
  for (std::uint64_t stream = 0; stream < 40; ++stream) {
    alarms += change_points(steps({100}, 30, 0.1, 1100 + stream)).empty() ? 0 : 1;
  }
  CHECK(alarms <= 3);  // one in a hundred is the nominal rate
  auto outlier = steps({100}, 30, 0.02, 1003);
  outlier[14] = 900;
  CHECK(change_points(outlier).empty());
  CHECK(change_points({}).empty());
  CHECK(change_points(std::vector<double>{1, 9}).empty());
  CHECK(change_points(std::vector<double>(50, 7.0)).empty());  // no spread at all
}

TEST_CASE("the same values give the same answer") {
  const auto values = steps({100, 108}, 14, 0.05, 1004);
  const auto first = change_points(values), second = change_points(values);
  REQUIRE(first.size() == second.size());
  for (std::size_t i = 0; i < first.size(); ++i) CHECK(first[i].p == second[i].p);
}
