#include "reports/latency_data.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include "record/metrics.hpp"

namespace tidegate::reports {
namespace {

constexpr int kPointsPerHalving = 5;

/// Requests of one step as counted, by status; "none" when no answer came.
using Statuses = std::map<std::string, double>;

std::map<std::string, Statuses> statuses_by_step(const record::RunInfo& info, const record::SeriesIndex& index) {
  std::map<std::string, Statuses> out;
  const auto spans = judged_spans(info);
  for (const std::size_t series : index.find(record::kHttpReqs)) {
    const record::SeriesKey& key = index.key(series);
    const std::string* name = key.tag("name");
    const std::string* status = key.tag("status");
    double& count = out[name == nullptr ? "all requests" : *name][status == nullptr ? "" : *status];
    for (const auto& [from, to] : spans) {
      index.each_value(series, from, to, [&count](std::int32_t, double value) { count += value; });
    }
  }
  return out;
}

/// Judged seconds in which anything was measured, at least one.
double judged_seconds(const record::RunInfo& info, const record::SeriesIndex& index) {
  const auto [first, end] = index.range();
  double seconds = 0;
  for (const auto& [from, to] : judged_spans(info)) {
    seconds += std::max<double>(0, static_cast<double>(std::min(to, end)) - std::max(from, first));
  }
  return std::max(1.0, seconds);
}

json::object quantiles(const Histogram& histogram) {
  const auto at = [&histogram](double percentile) -> json::value {
    if (histogram.empty()) return nullptr;
    return rounded(static_cast<double>(histogram.value_at_percentile(percentile)) * kMicroseconds);
  };
  json::object out{{"count", histogram.count()}};
  out["mean"] = histogram.empty() ? json::value(nullptr) : rounded(histogram.mean() * kMicroseconds);
  out["min"] = histogram.empty() ? json::value(nullptr) : rounded(static_cast<double>(histogram.min()) * kMicroseconds);
  for (std::size_t i = 0; i < kPercentiles.size(); ++i) out[kPercentileNames[i]] = at(kPercentiles[i]);
  out["p95"] = at(95);
  return out;
}

}  // namespace

json::value rounded(std::optional<double> value) {
  if (!value || !std::isfinite(*value)) return nullptr;
  if (*value == 0) return 0;
  const double scale = std::pow(10.0, 4 - std::floor(std::log10(std::abs(*value))));
  const double out = std::round(*value * scale) / scale;
  constexpr double kExactInteger = 1e15;
  if (out == std::floor(out) && std::abs(out) < kExactInteger) return static_cast<std::int64_t>(out);
  return std::isfinite(out) ? json::value(out) : json::value(nullptr);
}

json::array percentile_curve(const Histogram& histogram) {
  json::array points;
  if (histogram.empty()) return points;
  const auto count = static_cast<double>(histogram.count());
  std::uint64_t last_rank = 0;
  for (int step = 0;; ++step) {
    const double inverse = std::exp2(static_cast<double>(step) / kPointsPerHalving);
    if (inverse >= count) break;
    const auto rank = static_cast<std::uint64_t>(std::max(1.0, std::ceil(count * (1 - 1 / inverse))));
    if (rank == last_rank) continue;
    last_rank = rank;
    const double value = static_cast<double>(histogram.value_at_rank(rank)) * kMicroseconds;
    points.push_back(json::array{rounded(inverse), rounded(value)});
  }
  points.push_back(json::array{rounded(count), rounded(static_cast<double>(histogram.max()) * kMicroseconds)});
  return points;
}

json::object heat_to_json(const LatencyFold& latency, const std::vector<Chart>& charts) {
  std::set<std::string> shown;
  for (const Chart& chart : charts) shown.insert(chart.id);
  json::object by_chart;
  for (const StepLatency* step : latency.steps()) {
    const std::string id = latency_chart_id(step->name);
    if (!shown.contains(id)) continue;
    json::array columns;
    for (const auto& [number, column] : step->heat) {
      json::array cells{number};
      for (const auto& [row, count] : column) {
        cells.push_back(row);
        cells.push_back(count);
      }
      columns.push_back(std::move(cells));
    }
    by_chart[id] = std::move(columns);
  }
  const HeatAxis axis = latency.heat_axis();
  return {{"start", axis.start}, {"seconds", axis.seconds}, {"charts", std::move(by_chart)}};
}

json::array steps_to_json(const record::RunInfo& info, const record::SeriesIndex& index, const LatencyFold& latency) {
  const auto counted = statuses_by_step(info, index);
  const double seconds = judged_seconds(info, index);
  const Histogram nothing;  // the requests of a poll are not the poll
  json::array out;
  for (const StepLatency* step : latency.steps()) {
    json::array statuses;
    if (const auto found = counted.find(step->name); found != counted.end()) {
      for (const auto& [status, count] : found->second) {
        if (count > 0) statuses.push_back(json::array{status, static_cast<std::uint64_t>(count)});
      }
    }
    out.push_back(json::object{{"name", step->name},
                               {"request", step->is_request},
                               {"rate", rounded(static_cast<double>(step->response.count()) / seconds)},
                               {"failed", step->failed},
                               {"statuses", std::move(statuses)},
                               {"response", quantiles(step->response)},
                               {"service", quantiles(step->is_request ? step->service : nothing)},
                               {"response_curve", percentile_curve(step->response)},
                               {"service_curve", percentile_curve(step->is_request ? step->service : nothing)}});
  }
  return out;
}

}  // namespace tidegate::reports
