#include "reports/latency.hpp"

#include <algorithm>
#include <cmath>
#include <set>

#include "record/metrics.hpp"

namespace tidegate::reports {
namespace {

constexpr std::int64_t kMostColumns = 240;

PercentileRow percentiles_of(const Histogram& histogram) {
  PercentileRow row{};
  for (std::size_t i = 0; i < row.size(); ++i) {
    row[i] = static_cast<double>(histogram.value_at_percentile(kPercentiles[i])) * kMicroseconds;
  }
  return row;
}

void add_heat(HeatColumn& column, const Histogram& histogram) {
  std::map<int, std::uint64_t> rows;
  for (const auto& [row, count] : column) rows[row] += count;
  histogram.for_each(
      [&rows](std::uint64_t lowest, std::uint64_t, std::uint64_t count) { rows[heat_row(lowest)] += count; });
  column.assign(rows.begin(), rows.end());
}

}  // namespace

int heat_row(std::uint64_t microseconds) {
  if (microseconds <= 1) return 0;
  return static_cast<int>(std::floor(kHeatRowsPerOctave * std::log2(static_cast<double>(microseconds))));
}

HeatAxis HeatAxis::covering(const TimeAxis& axis) {
  const std::int64_t span = static_cast<std::int64_t>(axis.end) - axis.start;
  return {axis.start, static_cast<std::int32_t>(std::max<std::int64_t>(1, (span + kMostColumns - 1) / kMostColumns))};
}

std::vector<std::pair<std::int32_t, std::int32_t>> judged_spans(const record::RunInfo& info) {
  std::vector<std::pair<std::int32_t, std::int32_t>> spans;
  for (const record::Window& phase : info.phases) {
    if (phase.judged) spans.emplace_back(phase.start, phase.end);
  }
  if (info.phases.empty()) spans.emplace_back(record::kFirstSecond, record::kLastSecond);
  return spans;
}

bool is_within(const std::vector<std::pair<std::int32_t, std::int32_t>>& spans, std::int32_t second) {
  return std::any_of(spans.begin(), spans.end(),
                     [second](const auto& span) { return second >= span.first && second < span.second; });
}

void LatencyFold::update(const record::SeriesIndex& index, HeatAxis heat_axis) {
  const bool more = assign(index);
  // A series that is new since the last update, or another axis, changes what was folded: all of it again. Rare.
  if (!started_ || heat_axis != heat_axis_ || more) {
    heat_axis_ = heat_axis;
    started_ = true;
    for (auto& [name, step] : steps_) fold_all(index, step);
    fold_all(index, lateness_);
    return;
  }
  for (auto& [name, step] : steps_) fold_touched(index, step);
  fold_touched(index, lateness_);
}

/// Steps by name: `response_time` by its tag, and each poll step's metric, which has a name of its own. True when a
/// step got a series that it did not have.
bool LatencyFold::assign(const record::SeriesIndex& index) {
  bool more = false;
  for (; assigned_ < index.size(); ++assigned_) {
    const record::SeriesKey& key = index.key(assigned_);
    if (key.kind != record::SeriesKind::histogram) continue;
    more = true;
    const std::string* tag = key.tag("name");
    const std::string name = tag == nullptr ? "all requests" : *tag;
    if (key.metric == record::kScheduleLateness) {
      lateness_.series.push_back(assigned_);
    } else if (key.metric == record::kHttpReqDuration) {
      steps_[name].service_series.push_back(assigned_);
    } else if (const bool poll = record::find_metric(key.metric) == nullptr;
               poll || key.metric == record::kResponseTime) {
      Step& step = steps_[poll ? key.metric : name];
      step.out.is_request = !poll;
      step.series.push_back(assigned_);
      const std::string* expected = key.tag("expected");
      if (expected != nullptr && *expected == "false") step.failed_series.push_back(assigned_);
    }
  }
  for (auto& [name, step] : steps_) step.out.name = name;
  return more;
}

void LatencyFold::fold_all(const record::SeriesIndex& index, Step& step) {
  step.out.seconds.clear();
  step.out.heat.clear();
  step.out.response.reset();
  step.out.service.reset();
  step.out.failed = 0;
  index.each_histogram(step.series, record::kFirstSecond, record::kLastSecond,
                       [&](std::int32_t second, const Histogram& histogram) {
                         if (histogram.empty()) return;
                         fold_second(step, second, histogram);
                         add_heat(step.out.heat[heat_axis_.column(second)], histogram);
                         if (is_within(judged_, second)) step.out.response.merge(histogram);
                       });
  index.each_histogram(step.failed_series, record::kFirstSecond, record::kLastSecond,
                       [&](std::int32_t second, const Histogram& histogram) {
                         if (is_within(judged_, second)) step.out.failed += histogram.count();
                       });
  fold_service(index, step, false);
}

void LatencyFold::fold_touched(const record::SeriesIndex& index, Step& step) {
  std::set<std::int32_t> seconds, columns;
  for (const std::size_t series : step.series) {
    for (const std::int32_t second : index.touched(series)) {
      seconds.insert(second);
      columns.insert(heat_axis_.column(second));
    }
    index.each_fresh_histogram(series, [&](std::int32_t second, const Histogram& histogram) {
      if (is_within(judged_, second)) step.out.response.merge(histogram);
    });
  }
  for (const std::int32_t second : seconds) {
    index.each_histogram(step.series, second, second + 1, [&](std::int32_t, const Histogram& histogram) {
      if (!histogram.empty()) fold_second(step, second, histogram);
    });
  }
  for (const std::int32_t column : columns) fold_column(index, step, column);
  for (const std::size_t series : step.failed_series) {
    index.each_fresh_histogram(series, [&](std::int32_t second, const Histogram& histogram) {
      if (is_within(judged_, second)) step.out.failed += histogram.count();
    });
  }
  fold_service(index, step, true);
}

void LatencyFold::fold_second(Step& step, std::int32_t second, const Histogram& histogram) {
  step.out.seconds[second] = percentiles_of(histogram);
}

void LatencyFold::fold_column(const record::SeriesIndex& index, Step& step, std::int32_t column) {
  HeatColumn heat;
  const std::int32_t from = heat_axis_.start + column * heat_axis_.seconds;
  index.each_histogram(step.series, from, from + heat_axis_.seconds,
                       [&heat](std::int32_t, const Histogram& histogram) { add_heat(heat, histogram); });
  step.out.heat[column] = std::move(heat);
}

void LatencyFold::fold_service(const record::SeriesIndex& index, Step& step, bool fresh) {
  const auto take = [&](std::int32_t second, const Histogram& histogram) {
    if (is_within(judged_, second)) step.out.service.merge(histogram);
  };
  if (!fresh) {
    index.each_histogram(step.service_series, record::kFirstSecond, record::kLastSecond, take);
    return;
  }
  for (const std::size_t series : step.service_series) index.each_fresh_histogram(series, take);
}

std::vector<const StepLatency*> LatencyFold::steps() const {
  std::vector<const StepLatency*> out;
  const auto add = [&](const std::string& name) {
    const auto found = steps_.find(name);
    if (found == steps_.end() || found->second.series.empty()) return;
    if (std::find(out.begin(), out.end(), &found->second.out) == out.end()) out.push_back(&found->second.out);
  };
  for (const auto& load : info_.load) {
    for (const auto& [flow, names] : load.steps) {
      for (const std::string& name : names) add(name);
    }
  }
  for (const auto& [name, step] : steps_) add(name);
  return out;
}

}  // namespace tidegate::reports
