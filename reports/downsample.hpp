#pragma once
// Per-second values brought onto one shared axis of at most 1,000 points, with the extremes kept.

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

namespace tidegate::reports {

/// Up to 1,000 seconds: a point each. Longer: bins of whole seconds with two points each, which hold the least and the
/// greatest value of the bin in the order in which they came.
struct TimeAxis {
  std::int32_t start = 0;
  std::int32_t end = 0;  ///< one past the last second
  std::int32_t bin_seconds = 1;
  std::size_t bins = 0;

  static TimeAxis covering(std::int32_t start, std::int32_t end);
  bool paired() const { return bin_seconds > 1; }
  /// The seconds of the points, ascending.
  std::vector<double> times() const;
};

/// One value per point of the axis; none where nothing was measured. Before `zero_until` a second without a value
/// counts as 0 (counters); from there on, and with the axis's start for it, it is a gap (gauges, percentiles).
std::vector<std::optional<double>> resampled(const std::map<std::int32_t, double>& values, const TimeAxis& axis,
                                             std::int32_t zero_until);

}  // namespace tidegate::reports
