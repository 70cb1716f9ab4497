#include "reports/charts.hpp"

#include <algorithm>
#include <limits>
#include <optional>

#include <fmt/format.h>

#include "record/metrics.hpp"

namespace tidegate::reports {
namespace {

using record::Series;
using record::SeriesKind;
using record::SeriesSet;
using BySecond = std::map<std::int32_t, double>;

/// A page with more charts or lines than this helps nobody; what is left out is said.
constexpr std::size_t kMostSteps = 16;
constexpr std::size_t kMostLines = 10;
constexpr double kMicroseconds = 1e-6;

void add_to(BySecond& sum, const BySecond& more) {
  for (const auto& [second, value] : more) sum[second] += value;
}

/// The sum of a counter over its series, those with the tag's value only when a tag is given.
BySecond counted(const SeriesSet& set, std::string_view metric, std::string_view tag = {},
                 std::string_view value = {}) {
  BySecond sum;
  for (const Series* series : set.find(metric)) {
    const std::string* found = tag.empty() ? nullptr : series->key.tag(tag);
    if (tag.empty() || (found != nullptr && *found == value)) add_to(sum, series->values);
  }
  return sum;
}

Chart rate_chart(const record::RunInfo& info, const SeriesSet& set) {
  Chart chart{"rate", "Rate", "1/s", "Iterations per second, at the second of their intended start.", {}};
  BySecond planned;
  for (const auto& load : info.load) {
    for (const auto& [second, rate] : load.rate) planned[second] += rate;
  }
  if (!planned.empty()) chart.lines.push_back({"planned", "planned", std::move(planned), false, false});
  const auto add = [&chart](std::string label, BySecond values, bool even_if_empty) {
    if (values.empty() && !even_if_empty) return;
    std::string role = label;
    chart.lines.push_back({std::move(label), std::move(role), std::move(values), true, true});
  };
  add("offered", counted(set, record::kScheduledIterations), false);
  add("achieved", counted(set, record::kIterations), false);
  add("dropped", counted(set, record::kDroppedIterations), false);
  return chart;
}

/// The histograms of one step, merged over its other tags.
using StepHistograms = std::map<std::int32_t, Histogram>;

void merge_into(StepHistograms& all, const Series& series) {
  for (const auto& [second, histogram] : series.histograms.decoded()) all[second].merge(histogram);
}

/// Steps by name: `response_time` by its tag, and each poll step's metric, which has a name of its own.
std::map<std::string, StepHistograms> histograms_by_step(const SeriesSet& set) {
  std::map<std::string, StepHistograms> steps;
  for (const Series& series : set.series) {
    if (series.key.kind != SeriesKind::histogram) continue;
    if (series.key.metric == record::kResponseTime) {
      const std::string* name = series.key.tag("name");
      merge_into(steps[name == nullptr ? "all requests" : *name], series);
    } else if (record::find_metric(series.key.metric) == nullptr) {
      merge_into(steps[series.key.metric], series);
    }
  }
  return steps;
}

struct Percentile {
  const char* label;
  double percent;
};
constexpr Percentile kPercentiles[] = {{"p50", 50}, {"p90", 90}, {"p99", 99}, {"p99.9", 99.9}, {"max", 100}};

Chart latency_chart(const std::string& step, const StepHistograms& histograms) {
  Chart chart{"latency:" + step,
              "Response time: " + step,
              "s",
              "Percentiles of each second, from the intended start to the last byte, failed requests included.",
              {}};
  for (const Percentile& percentile : kPercentiles) {
    BySecond values;
    for (const auto& [second, histogram] : histograms) {
      if (histogram.empty()) continue;
      values[second] = static_cast<double>(histogram.value_at_percentile(percentile.percent)) * kMicroseconds;
    }
    chart.lines.push_back({percentile.label, percentile.label, std::move(values), false, true});
  }
  return chart;
}

/// In the order of the flows, then by name; beyond the limit only the busiest.
std::vector<std::string> step_order(const record::RunInfo& info, const std::map<std::string, StepHistograms>& steps) {
  std::vector<std::string> names;
  const auto add = [&](const std::string& name) {
    if (steps.contains(name) && std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  };
  for (const auto& load : info.load) {
    for (const auto& [flow, flow_steps] : load.steps) {
      for (const std::string& step : flow_steps) add(step);
    }
  }
  for (const auto& [name, histograms] : steps) add(name);
  return names;
}

void add_latency_charts(const record::RunInfo& info, const SeriesSet& set, std::vector<Chart>& charts) {
  const auto steps = histograms_by_step(set);
  std::vector<std::string> names = step_order(info, steps);
  const std::size_t left_out = names.size() > kMostSteps ? names.size() - kMostSteps : 0;
  names.resize(names.size() - left_out);
  for (const std::string& name : names) charts.push_back(latency_chart(name, steps.at(name)));
  if (left_out > 0) charts.back().note += fmt::format(" {} more steps are in the run directory only.", left_out);
  if (names.empty()) charts.push_back({"latency", "Response time", "s", "No response was recorded.", {}});
}

void keep_most(Chart& chart, const std::map<std::string, BySecond>& by_label, bool absent_is_zero) {
  for (const auto& [label, values] : by_label) {
    if (chart.lines.size() == kMostLines) {
      chart.note += fmt::format(" {} more are in the run directory only.", by_label.size() - kMostLines);
      break;
    }
    chart.lines.push_back({label, "", values, absent_is_zero, true});
  }
}

Chart error_chart(const SeriesSet& set) {
  std::map<std::string, BySecond> by_class;
  for (const Series* series : set.find(record::kErrors)) {
    const std::string* name = series->key.tag("class");
    add_to(by_class[name == nullptr ? "other" : *name], series->values);
  }
  Chart chart{"errors", "Errors", "1/s", "Failed requests per second, by class.", {}};
  keep_most(chart, by_class, true);
  return chart;
}

/// The group's own summary ("all") where the probe wrote one, else the worst partition.
std::map<std::string, BySecond> worst_by_group(const SeriesSet& set, std::string_view metric) {
  std::map<std::string, BySecond> summary, partitions;
  for (const Series* series : set.find(metric)) {
    const std::string* group = series->key.tag("group");
    const std::string* partition = series->key.tag("partition");
    const bool is_summary = partition == nullptr || *partition == "all";
    BySecond& worst = (is_summary ? summary : partitions)[group == nullptr ? "all groups" : *group];
    for (const auto& [second, value] : series->values) {
      const auto [at, added] = worst.try_emplace(second, value);
      if (!added) at->second = std::max(at->second, value);
    }
  }
  summary.merge(partitions);
  return summary;
}

Chart lag_chart(const SeriesSet& set) {
  Chart chart{"lag_age", "Consumer lag", "s", "Age of the oldest record that a group has not committed.", {}};
  keep_most(chart, worst_by_group(set, record::kLagAge), false);
  return chart;
}

}  // namespace

std::vector<Chart> build_charts(const record::RunInfo& info, const SeriesSet& series) {
  std::vector<Chart> charts;
  charts.push_back(rate_chart(info, series));
  add_latency_charts(info, series, charts);
  charts.push_back(error_chart(series));
  charts.push_back(lag_chart(series));
  return charts;
}

namespace {

/// One past the last second of a line that has values.
std::int32_t end_of(const ChartLine& line) {
  return std::min(line.values.rbegin()->first, std::numeric_limits<std::int32_t>::max() - 1) + 1;
}

}  // namespace

std::int32_t measured_end(const std::vector<Chart>& charts) {
  std::optional<std::int32_t> end;
  for (const Chart& chart : charts) {
    for (const ChartLine& line : chart.lines) {
      if (line.measured && !line.values.empty()) end = std::max(end.value_or(end_of(line)), end_of(line));
    }
  }
  return end.value_or(0);
}

std::pair<std::int32_t, std::int32_t> chart_range(const record::RunInfo& info, const std::vector<Chart>& charts) {
  std::optional<std::pair<std::int32_t, std::int32_t>> range;
  const auto widen = [&range](std::int32_t first, std::int32_t end) {
    range = range ? std::pair(std::min(range->first, first), std::max(range->second, end)) : std::pair(first, end);
  };
  for (const auto& phase : info.phases) widen(phase.start, phase.end);
  for (const Chart& chart : charts) {
    for (const ChartLine& line : chart.lines) {
      if (!line.values.empty()) widen(line.values.begin()->first, end_of(line));
    }
  }
  return range.value_or(std::pair(0, 0));
}

}  // namespace tidegate::reports
