#pragma once
// Response times as the report shows them, folded from the series: percentiles of each second, a heatmap, and the whole
// distribution of each step. A run that goes on is folded further, second by second.

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/histogram.hpp"
#include "record/run.hpp"
#include "record/series_index.hpp"
#include "reports/downsample.hpp"

namespace tidegate::reports {

inline constexpr double kMicroseconds = 1e-6;  ///< in seconds
inline constexpr std::array kPercentiles = {50.0, 90.0, 99.0, 99.9, 100.0};
inline constexpr std::array kPercentileNames = {"p50", "p90", "p99", "p99.9", "max"};
using PercentileRow = std::array<double, kPercentiles.size()>;  ///< seconds

/// Row r of a heatmap holds latencies from 2^(r/4) to 2^((r+1)/4) microseconds.
inline constexpr int kHeatRowsPerOctave = 4;
int heat_row(std::uint64_t microseconds);

/// Sparse: row to count, ascending.
using HeatColumn = std::vector<std::pair<int, std::uint64_t>>;

struct StepLatency {
  std::string name;
  bool is_request = true;  ///< false: a poll step, which has no service time of its own
  std::map<std::int32_t, PercentileRow> seconds;
  std::map<std::int32_t, HeatColumn> heat;  ///< by column of the heat axis
  // Over judged time; over all time when the run has no phases.
  Histogram response;  ///< from the intended start: corrected for what a waiting generator hides
  Histogram service;   ///< from the actual send: uncorrected
  std::uint64_t failed = 0;
};

/// Columns of a heatmap: at most 240, whole seconds each.
struct HeatAxis {
  std::int32_t start = 0;
  std::int32_t seconds = 1;
  static HeatAxis covering(const TimeAxis& axis);
  std::int32_t column(std::int32_t second) const { return (second - start) / seconds; }
  auto operator<=>(const HeatAxis&) const = default;
};

/// The intervals of judged time; one over everything when the run has no phases.
std::vector<std::pair<std::int32_t, std::int32_t>> judged_spans(const record::RunInfo& info);
bool is_within(const std::vector<std::pair<std::int32_t, std::int32_t>>& spans, std::int32_t second);

class LatencyFold {
 public:
  explicit LatencyFold(const record::RunInfo& info) : info_(info), judged_(judged_spans(info)) {}

  /// The first time everything; later what the index's last refresh touched.
  void update(const record::SeriesIndex& index, HeatAxis heat_axis);

  /// In the order of the flows, then by name.
  std::vector<const StepLatency*> steps() const;
  /// Lateness of iterations; empty when none was recorded.
  const StepLatency& lateness() const { return lateness_.out; }
  HeatAxis heat_axis() const { return heat_axis_; }

 private:
  struct Step {
    StepLatency out;
    std::vector<std::size_t> series, failed_series, service_series;
  };
  bool assign(const record::SeriesIndex& index);
  void fold_all(const record::SeriesIndex& index, Step& step);
  void fold_touched(const record::SeriesIndex& index, Step& step);
  void fold_second(Step& step, std::int32_t second, const Histogram& histogram);
  void fold_column(const record::SeriesIndex& index, Step& step, std::int32_t column);
  void fold_service(const record::SeriesIndex& index, Step& step, bool fresh);

  const record::RunInfo& info_;
  std::vector<std::pair<std::int32_t, std::int32_t>> judged_;
  HeatAxis heat_axis_;
  bool started_ = false;
  std::size_t assigned_ = 0;  // series of the index that have their place
  std::map<std::string, Step> steps_;
  Step lateness_;
};

}  // namespace tidegate::reports
