#include "reports/downsample.hpp"

#include <algorithm>

#include "tests/support/catch.hpp"

using namespace tidegate::reports;
using Values = std::map<std::int32_t, double>;
using Points = std::vector<std::optional<double>>;

TEST_CASE("a short run keeps each second") {
  const TimeAxis axis = TimeAxis::covering(-1, 3);
  CHECK(axis.times() == std::vector<double>{-1, 0, 1, 2});
  CHECK(resampled({{-1, 5}, {2, 7}}, axis, axis.start) == Points{5, std::nullopt, std::nullopt, 7});
  CHECK(resampled({{-1, 5}, {2, 7}}, axis, axis.end) == Points{5, 0, 0, 7});
  CHECK(resampled({{-1, 5}}, axis, 1) == Points{5, 0, std::nullopt, std::nullopt});  // nothing was measured from 1 on
  CHECK(resampled({{-9, 1}, {3, 1}}, axis, axis.start) == Points(4));                // outside
}

TEST_CASE("a long run keeps at most 1,000 points and every extreme") {
  constexpr std::int32_t kSeconds = 86'400;
  const TimeAxis axis = TimeAxis::covering(0, kSeconds);
  Values values;
  for (std::int32_t second = 0; second < kSeconds; ++second) values[second] = 10 + second % 3;
  values[40'000] = 999;  // one bad second in a day
  values[70'001] = -5;
  const Points points = resampled(values, axis, axis.start);
  CHECK(points.size() <= 1000);
  CHECK(points.size() == axis.times().size());
  const std::vector<double> times = axis.times();
  CHECK(std::is_sorted(times.begin(), times.end()));
  const auto [lowest, highest] = std::minmax_element(points.begin(), points.end());
  CHECK(**highest == 999);
  CHECK(**lowest == -5);
}

TEST_CASE("a bin's two points come in the order of their seconds") {
  const TimeAxis axis = TimeAxis::covering(0, 2000);  // four seconds a bin
  REQUIRE(axis.bin_seconds == 4);
  const Points points = resampled({{0, 9}, {3, 1}, {4, 1}, {7, 9}, {8, 4}}, axis, axis.start);
  CHECK(Points(points.begin(), points.begin() + 8) == Points{9, 1, 1, 9, 4, 4, std::nullopt, std::nullopt});
  const Points counted = resampled({{1, 6}}, axis, 8);
  CHECK(Points(counted.begin(), counted.begin() + 6) == Points{0, 6, 0, 0, std::nullopt, std::nullopt});
}

TEST_CASE("axes of hostile ranges stay small") {
  const TimeAxis all = TimeAxis::covering(INT32_MIN, INT32_MAX);
  CHECK(all.times().size() <= 1000);
  CHECK(resampled({{INT32_MIN, 1}, {INT32_MAX, 1}, {0, 2}}, all, INT32_MAX).size() == all.times().size());
  CHECK(TimeAxis::covering(5, 5).times().empty());
  CHECK(TimeAxis::covering(5, -5).times().empty());
  CHECK(TimeAxis::covering(0, 1000).bin_seconds == 1);
  CHECK(TimeAxis::covering(0, 1001).bin_seconds > 1);
}
