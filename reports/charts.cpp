#include "reports/charts.hpp"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "record/metrics.hpp"

namespace tidegate::reports {
namespace {

using record::SeriesIndex;
using BySecond = std::map<std::int32_t, double>;

/// A page with more charts or lines than this helps nobody; what is left out is said.
constexpr std::size_t kMostSteps = 16;
constexpr std::size_t kMostLines = 10;

enum class Join { sum, greatest };

void join_into(BySecond& all, const SeriesIndex& index, std::size_t series, Join how) {
  index.each_value(series, record::kFirstSecond, record::kLastSecond, [&](std::int32_t second, double value) {
    const auto [at, added] = all.try_emplace(second, value);
    if (!added) at->second = how == Join::sum ? at->second + value : std::max(at->second, value);
  });
}

BySecond joined(const SeriesIndex& index, std::string_view metric, Join how) {
  BySecond all;
  for (const std::size_t series : index.find(metric)) join_into(all, index, series, how);
  return all;
}

std::map<std::string, BySecond> by_tag(const SeriesIndex& index, std::string_view metric, std::string_view tag,
                                       Join how) {
  std::map<std::string, BySecond> out;
  for (const std::size_t series : index.find(metric)) {
    const std::string* name = index.key(series).tag(tag);
    join_into(out[name == nullptr ? "other" : *name], index, series, how);
  }
  return out;
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

Chart rate_chart(const record::RunInfo& info, const SeriesIndex& index) {
  Chart chart{"rate",
              "Rate",
              "1/s",
              "Iterations per second, at the second of their intended start.",
              "No iteration was recorded.",
              {}};
  BySecond planned;
  for (const auto& load : info.load) {
    for (const auto& [second, rate] : load.rate) planned[second] += rate;
  }
  if (!planned.empty()) chart.lines.push_back({"planned", "planned", std::move(planned), false, false});
  const auto add = [&](const std::string& label, std::string_view metric) {
    BySecond values = joined(index, metric, Join::sum);
    if (!values.empty()) chart.lines.push_back({label, label, std::move(values), true, true});
  };
  add("offered", record::kScheduledIterations);
  add("achieved", record::kIterations);
  add("dropped", record::kDroppedIterations);
  return chart;
}

Chart latency_chart(const StepLatency& step) {
  Chart chart{latency_chart_id(step.name),
              "Response time: " + step.name,
              "s",
              "Percentiles of each second, from the intended start to the last byte, failed requests included.",
              "No response was recorded.",
              {}};
  for (std::size_t i = 0; i < kPercentiles.size(); ++i) {
    BySecond values;
    for (const auto& [second, row] : step.seconds) values.emplace_hint(values.end(), second, row[i]);
    chart.lines.push_back({kPercentileNames[i], kPercentileNames[i], std::move(values), false, true});
  }
  return chart;
}

void add_latency_charts(const LatencyFold& latency, std::vector<Chart>& charts) {
  const auto steps = latency.steps();
  const std::size_t shown = std::min(steps.size(), kMostSteps);
  for (std::size_t i = 0; i < shown; ++i) charts.push_back(latency_chart(*steps[i]));
  if (steps.size() > shown) {
    charts.back().note += fmt::format(" {} more steps are in the table of requests.", steps.size() - shown);
  }
  if (steps.empty()) charts.push_back({"latency", "Response time", "s", "", "No response was recorded.", {}});
}

Chart error_chart(const SeriesIndex& index) {
  Chart chart{"errors", "Errors", "1/s", "Failed requests per second, by class.", "No request failed.", {}};
  keep_most(chart, by_tag(index, record::kErrors, "class", Join::sum), true);
  return chart;
}

/// The group's own summary ("all") where the probe wrote one, else the worst partition.
std::map<std::string, BySecond> worst_by_group(const SeriesIndex& index, std::string_view metric) {
  std::map<std::string, BySecond> summary, partitions;
  for (const std::size_t series : index.find(metric)) {
    const std::string* group = index.key(series).tag("group");
    const std::string* partition = index.key(series).tag("partition");
    const bool is_summary = partition == nullptr || *partition == "all";
    join_into((is_summary ? summary : partitions)[group == nullptr ? "all groups" : *group], index, series,
              Join::greatest);
  }
  summary.merge(partitions);
  return summary;
}

Chart lag_chart(const SeriesIndex& index) {
  Chart chart{"lag_age",
              "Consumer lag",
              "s",
              "Age of the oldest record that a group has not committed.",
              "No consumer group was watched.",
              {}};
  keep_most(chart, worst_by_group(index, record::kLagAge), false);
  return chart;
}

void add_burn_chart(const std::vector<BurnFold>& burns, std::vector<Chart>& charts) {
  Chart chart{
      "burn", "Error budget burn",
      "x",    "Bad events of each second over what the objective allows: at 1 the budget lasts exactly its period.",
      "",     {}};
  for (const BurnFold& burn : burns) {
    if (burn.values().empty() || chart.lines.size() + 2 > kMostLines) continue;
    const std::string& name = burn.budget().gate;
    BySecond limit;
    for (const auto& [second, value] : burn.values()) limit[second] = burn.budget().max_burn;
    chart.lines.push_back({name, "", burn.values(), false, true});
    chart.lines.push_back({"limit of " + name, "planned", std::move(limit), false, false});
  }
  if (!chart.lines.empty()) charts.push_back(std::move(chart));
}

void add_if_any(std::vector<Chart>& charts, Chart chart) {
  std::erase_if(chart.lines, [](const ChartLine& line) { return line.values.empty(); });
  if (!chart.lines.empty()) charts.push_back(std::move(chart));
}

void add_generator_charts(const SeriesIndex& index, const LatencyFold& latency, std::vector<Chart>& charts) {
  Chart users{"vus", "In flight", "VUs", "Virtual users inside an iteration, at the end of each second.", "", {}};
  users.lines.push_back({"in an iteration", "achieved", joined(index, record::kVus, Join::sum), false, true});
  add_if_any(charts, std::move(users));

  Chart health{"generator",
               "Load generator",
               "share",
               "Of one core, the busiest loop. Over 90 % busy or 5 % waiting, the generator may not decide a verdict.",
               "",
               {}};
  health.lines.push_back({"busy", "achieved", joined(index, record::kGeneratorCpu, Join::greatest), false, true});
  health.lines.push_back(
      {"waiting for a core", "dropped", joined(index, record::kGeneratorRunQueueWait, Join::greatest), false, true});
  add_if_any(charts, std::move(health));

  Chart late{"lateness", "Lateness of starts", "s", "Actual minus intended start of iterations, each second.", "", {}};
  for (const std::size_t percentile : {std::size_t{0}, std::size_t{2}, std::size_t{4}}) {
    BySecond values;
    for (const auto& [second, row] : latency.lateness().seconds) values.emplace(second, row[percentile]);
    late.lines.push_back({kPercentileNames[percentile], kPercentileNames[percentile], std::move(values), false, true});
  }
  add_if_any(charts, std::move(late));
}

void add_process_chart(const SeriesIndex& index, std::vector<Chart>& charts) {
  Chart chart{"processes", "Processes under test", "cores", "CPU of each process; chaos-agent holds the faults.", "",
              {}};
  keep_most(chart, by_tag(index, record::kProcessCpu, "process", Join::greatest), false);
  add_if_any(charts, std::move(chart));
}

}  // namespace

std::string latency_chart_id(const std::string& step) {
  return "latency:" + step;
}

std::vector<Chart> build_charts(const record::RunInfo& info, const SeriesIndex& series, const LatencyFold& latency,
                                const std::vector<BurnFold>& burns) {
  std::vector<Chart> charts;
  charts.push_back(rate_chart(info, series));
  add_latency_charts(latency, charts);
  charts.push_back(error_chart(series));
  charts.push_back(lag_chart(series));
  add_burn_chart(burns, charts);
  add_generator_charts(series, latency, charts);
  add_process_chart(series, charts);
  return charts;
}

std::pair<std::int32_t, std::int32_t> chart_range(const record::RunInfo& info, const SeriesIndex& series) {
  std::optional<std::pair<std::int32_t, std::int32_t>> range;
  const auto widen = [&range](std::int32_t first, std::int32_t end) {
    range = range ? std::pair(std::min(range->first, first), std::max(range->second, end)) : std::pair(first, end);
  };
  for (const auto& phase : info.phases) widen(phase.start, phase.end);
  for (const auto& load : info.load) {
    for (const auto& [second, rate] : load.rate) widen(second, std::min(second, record::kLastSecond - 1) + 1);
  }
  if (const auto [first, end] = series.range(); first < end) widen(first, end);
  return range.value_or(std::pair(0, 0));
}

}  // namespace tidegate::reports
