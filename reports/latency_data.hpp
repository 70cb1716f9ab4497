#pragma once
// Distributions of response times as the page's data: heatmaps, percentile curves, and the table of requests.

#include "base/json.hpp"
#include "record/series_index.hpp"
#include "reports/charts.hpp"
#include "reports/latency.hpp"

namespace tidegate::reports {

/// {"start", "seconds", "charts": {CHART ID: [[column, row, count, row, count, …], …]}}; of the steps that have a
/// chart.
json::object heat_to_json(const LatencyFold& latency, const std::vector<Chart>& charts);

/// One object per step, in the order of the page. Shapes: Step in reports/page/src/data.ts.
json::array steps_to_json(const record::RunInfo& info, const record::SeriesIndex& index, const LatencyFold& latency);

/// Points [1 / (1 - share), seconds] of a percentile curve: five to each halving of the rest, up to the greatest value.
json::array percentile_curve(const Histogram& histogram);

/// Five significant digits are more than a screen shows; what is no number becomes null.
json::value rounded(std::optional<double> value);

}  // namespace tidegate::reports
