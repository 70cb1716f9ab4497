#pragma once
// The lines that the report draws, computed from a run's series: one value a second each.

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "record/run.hpp"
#include "record/series.hpp"

namespace tidegate::reports {

struct ChartLine {
  std::string label;
  std::string role;  ///< how to draw it: planned, offered, achieved, dropped, p50 … max, or empty: the next colour
  std::map<std::int32_t, double> values;
  bool absent_is_zero = false;  ///< counters: a second without a value had none
  bool measured = true;         ///< false: planned
};

struct Chart {
  std::string id;  ///< unique, stable between runs
  std::string title;
  std::string unit;  ///< s, 1/s, records
  std::string note;  ///< what exactly is drawn, in a sentence
  std::vector<ChartLine> lines;
};

/// In the order of the page: rate, response time of each step, errors, lag. A chart without data is there and empty,
/// so that its absence is seen.
std::vector<Chart> build_charts(const record::RunInfo& info, const record::SeriesSet& series);

/// From the first to one past the last second that a phase or a line of a chart has.
std::pair<std::int32_t, std::int32_t> chart_range(const record::RunInfo& info, const std::vector<Chart>& charts);

/// One past the last second that was measured; what is only planned does not count. 0 when nothing was.
std::int32_t measured_end(const std::vector<Chart>& charts);

}  // namespace tidegate::reports
