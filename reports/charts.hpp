#pragma once
// The lines that the report draws, computed from a run's series: one value a second each.

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "record/run.hpp"
#include "record/series_index.hpp"
#include "reports/burn.hpp"
#include "reports/latency.hpp"

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
  std::string unit;   ///< s, 1/s, records, share, cores, VUs
  std::string note;   ///< what exactly is drawn, in a sentence
  std::string empty;  ///< what it means that there is nothing to draw
  std::vector<ChartLine> lines;
};

/// In the order of the page: rate, response time of each step, errors, lag, budget burn, virtual users, the generator's
/// health, the processes. The first four are there even when empty, so that an absence is seen.
std::vector<Chart> build_charts(const record::RunInfo& info, const record::SeriesIndex& series,
                                const LatencyFold& latency, const std::vector<BurnFold>& burns);

/// The id of a step's chart.
std::string latency_chart_id(const std::string& step);

/// From the first to one past the last second that a phase, a plan or a series has.
std::pair<std::int32_t, std::int32_t> chart_range(const record::RunInfo& info, const record::SeriesIndex& series);

}  // namespace tidegate::reports
