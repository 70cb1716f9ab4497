#include "reports/totals.hpp"

#include <algorithm>

#include "record/metrics.hpp"
#include "record/series_index.hpp"
#include "reports/latency.hpp"

namespace tidegate::reports {
namespace {

using record::SeriesIndex;

double sum(const SeriesIndex& index, std::size_t series, std::int32_t from, std::int32_t to) {
  double total = 0;
  index.each_value(series, from, to, [&total](std::int32_t, double value) { total += value; });
  return total;
}

double sum_of(const SeriesIndex& index, std::string_view metric) {
  double total = 0;
  for (const std::size_t series : index.find(metric))
    total += sum(index, series, record::kFirstSecond, record::kLastSecond);
  return total;
}

std::string tag_of(const record::SeriesKey& key, std::string_view tag, const char* otherwise) {
  const std::string* value = key.tag(tag);
  return value == nullptr ? otherwise : *value;
}

class Totals {
 public:
  Totals(const SeriesIndex& index, const record::RunInfo& info)
      : index_(index), info_(info), spans_(judged_spans(info)) {}

  RunTotals read() {
    histograms();
    counters();
    RunTotals out = std::move(totals_);
    for (const std::string& name : ordered_names()) out.steps.push_back(std::move(steps_.at(name)));
    return out;
  }

 private:
  void histograms() {
    for (std::size_t series = 0; series < index_.size(); ++series) {
      const record::SeriesKey& key = index_.key(series);
      if (key.kind != record::SeriesKind::histogram) continue;
      const bool poll = record::find_metric(key.metric) == nullptr;
      if (!poll && key.metric != record::kResponseTime) continue;
      StepTotals& step = steps_[poll ? key.metric : tag_of(key, "name", "all requests")];
      const bool failed = tag_of(key, "expected", "") == "false";
      const std::size_t one[] = {series};
      for (const auto& [from, to] : spans_) {
        index_.each_histogram(one, from, to, [&](std::int32_t, const Histogram& histogram) {
          step.response.merge(histogram);
          if (failed) step.failed += histogram.count();
        });
      }
    }
    for (auto& [name, step] : steps_) step.name = name;
  }

  void counters() {
    const auto [first, end] = index_.range();
    double seconds = 0;
    for (const auto& [from, to] : spans_) {
      seconds += std::max<double>(0, static_cast<double>(std::min(to, end)) - std::max(from, first));
      for (const std::size_t series : index_.find(record::kHttpReqs)) {
        const auto step = steps_.find(tag_of(index_.key(series), "name", "all requests"));
        const double count = sum(index_, series, from, to);
        if (step == steps_.end() || count <= 0) continue;
        step->second.statuses[tag_of(index_.key(series), "status", "")] += static_cast<std::uint64_t>(count);
      }
    }
    totals_.judged_seconds = std::max(1.0, seconds);
    for (const std::size_t series : index_.find(record::kIterations)) {
      const auto count = static_cast<std::uint64_t>(sum(index_, series, record::kFirstSecond, record::kLastSecond));
      const std::string outcome = tag_of(index_.key(series), "outcome", "ok");
      totals_.iterations += count;
      if (outcome == "failed") totals_.failed_iterations += count;
      if (outcome == "interrupted") totals_.interrupted += count;
    }
    for (const std::size_t series : index_.find(record::kErrors)) {
      const double count = sum(index_, series, record::kFirstSecond, record::kLastSecond);
      if (count > 0) totals_.errors[tag_of(index_.key(series), "class", "other")] += static_cast<std::uint64_t>(count);
    }
    totals_.dropped_iterations = static_cast<std::uint64_t>(sum_of(index_, record::kDroppedIterations));
    totals_.bytes_sent = sum_of(index_, record::kDataSent);
    totals_.bytes_received = sum_of(index_, record::kDataReceived);
    std::map<std::int32_t, double> users;
    for (const std::size_t series : index_.find(record::kVus)) {
      index_.each_value(series, record::kFirstSecond, record::kLastSecond,
                        [&users](std::int32_t at, double value) { users[at] += value; });
    }
    for (const auto& [second, value] : users) totals_.most_users = std::max(totals_.most_users, value);
  }

  std::vector<std::string> ordered_names() const {
    std::vector<std::string> names;
    const auto add = [&](const std::string& name) {
      if (steps_.contains(name) && std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
    };
    for (const auto& load : info_.load) {
      for (const auto& [flow, steps] : load.steps) {
        for (const std::string& step : steps) add(step);
      }
    }
    for (const auto& [name, step] : steps_) add(name);
    return names;
  }

  const SeriesIndex& index_;
  const record::RunInfo& info_;
  std::vector<std::pair<std::int32_t, std::int32_t>> spans_;
  std::map<std::string, StepTotals> steps_;
  RunTotals totals_;
};

}  // namespace

Result<RunTotals> read_totals(const record::RunDirectory& directory, const record::RunInfo& info) {
  auto index = SeriesIndex::open(directory.series());
  if (!index) return index.error();
  return Totals(*index, info).read();
}

}  // namespace tidegate::reports
