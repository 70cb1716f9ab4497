#include "reports/review.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <set>

#include "record/metrics.hpp"
#include "reports/latency.hpp"
#include "reports/latency_data.hpp"

namespace tidegate::reports {
namespace {

constexpr std::int32_t kShortestWindow = 5, kLongestWindow = 60;  // seconds before and after a fault
constexpr std::size_t kMostFaults = 50, kMostSteps = 6, kMostGroups = 6;

struct Window {
  const char* name;
  std::int32_t from = 0, to = 0;
  bool empty() const { return to <= from; }
};

/// From the injection to when it was over for good.
struct Trouble {
  std::int32_t from = 0, to = 0;
};

Trouble trouble_of(const record::FaultResult& fault, std::int32_t end) {
  const double healed = fault.healed_s.value_or(end);
  return {static_cast<std::int32_t>(std::floor(fault.injected_s)),
          static_cast<std::int32_t>(std::ceil(healed + fault.time_to_recover_s.value_or(0)))};
}

class Review {
 public:
  Review(const record::RunInfo& info, const record::SeriesIndex& index, const record::Verdict& verdict)
      : index_(index), verdict_(verdict), end_(index.range().second) {
    const auto spans = judged_spans(info);
    start_ = spans.empty() ? index.range().first : std::max(spans.front().first, index.range().first);
    for (const auto& load : info.load) {
      for (const auto& [flow, names] : load.steps) {
        for (const std::string& name : names) {
          if (std::find(order_.begin(), order_.end(), name) == order_.end()) order_.push_back(name);
        }
      }
    }
  }

  json::object of(const record::FaultResult& fault) const {
    const std::vector<Window> windows = windows_of(fault);
    json::array shown, rows;
    for (const Window& window : windows) {
      shown.push_back(json::object{{"name", window.name}, {"from", window.from}, {"to", window.to}});
    }
    add(rows, "Iterations completed", "1/s", windows, [this](const Window& window) { return rate_of(window); });
    add(rows, "Requests failed", "share", windows, [this](const Window& window) { return failed_in(window); });
    for (const auto& [name, series] : steps()) {
      for (const double percentile : {50.0, 99.0}) {
        add(rows, (percentile == 50 ? "p50 of " : "p99 of ") + name, "s", windows,
            [this, percentile, &series = series](const Window& window) {
              return percentile_in(window, series, percentile);
            });
      }
    }
    for (const auto& [group, series] : groups()) {
      add(rows, "Worst lag of " + group, "s", windows,
          [this, &series = series](const Window& window) { return greatest_in(window, series); });
    }
    return {{"fault", fault.name}, {"windows", std::move(shown)}, {"rows", std::move(rows)}};
  }

 private:
  template <typename Value>
  static void add(json::array& rows, const std::string& label, const char* unit, const std::vector<Window>& windows,
                  const Value& value) {
    json::array values;
    for (const Window& window : windows) {
      values.push_back(window.empty() ? json::value(nullptr) : rounded(value(window)));
    }
    rows.push_back(json::object{{"label", label}, {"unit", unit}, {"values", std::move(values)}});
  }

  std::vector<Window> windows_of(const record::FaultResult& fault) const {
    const Trouble own = trouble_of(fault, end_);
    const double healed = fault.healed_s.value_or(end_);
    const auto healed_at = static_cast<std::int32_t>(std::ceil(healed));
    const std::int32_t length = std::clamp(healed_at - own.from, kShortestWindow, kLongestWindow);
    Window before{"before", std::max(start_, own.from - length), own.from};
    Window after{"after", own.to, std::min(end_, own.to + length)};
    for (const record::FaultResult& other : verdict_.faults) {
      if (&other == &fault) continue;
      const Trouble its = trouble_of(other, end_);
      if (its.from < own.from) before.from = std::max(before.from, std::min(its.to, own.from));
      if (its.from >= own.from) after.to = std::min(after.to, std::max(its.from, after.from));
      if (its.from < own.from && its.to > own.to) after.from = std::min(after.to, its.to);
    }
    if (!fault.healed_s || !fault.time_to_recover_s) after.to = after.from = own.to;  // it was never over
    return {before, {"during", own.from, std::min(healed_at, end_)}, {"recovering", healed_at, own.to}, after};
  }

  std::optional<double> rate_of(const Window& window) const {
    return sum_of(record::kIterations, window) / (window.to - window.from);
  }

  double sum_of(std::string_view metric, const Window& window, bool failed_only = false) const {
    double sum = 0;
    for (const std::size_t series : index_.find(metric)) {
      const std::string* expected = index_.key(series).tag("expected");
      if (failed_only && (expected == nullptr || *expected == "true")) continue;
      index_.each_value(series, window.from, window.to, [&sum](std::int32_t, double value) { sum += value; });
    }
    return sum;
  }

  std::optional<double> failed_in(const Window& window) const {
    const double all = sum_of(record::kHttpReqs, window);
    if (all <= 0) return std::nullopt;
    return sum_of(record::kHttpReqs, window, true) / all;
  }

  std::optional<double> percentile_in(const Window& window, const std::vector<std::size_t>& series,
                                      double percentile) const {
    Histogram all;
    index_.each_histogram(series, window.from, window.to,
                          [&all](std::int32_t, const Histogram& histogram) { all.merge(histogram); });
    if (all.empty()) return std::nullopt;
    return static_cast<double>(all.value_at_percentile(percentile)) * 1e-6;
  }

  std::optional<double> greatest_in(const Window& window, const std::vector<std::size_t>& series) const {
    std::optional<double> greatest;
    for (const std::size_t one : series) {
      index_.each_value(one, window.from, window.to,
                        [&](std::int32_t, double value) { greatest = std::max(greatest.value_or(value), value); });
    }
    return greatest;
  }

  using Named = std::vector<std::pair<std::string, std::vector<std::size_t>>>;

  /// In the order of the flows; polls by their own metric.
  Named steps() const {
    Named out;
    for (const std::string& name : order_) {
      std::vector<std::size_t> series;
      for (const std::size_t one : index_.find(record::kResponseTime)) {
        const std::string* tag = index_.key(one).tag("name");
        if (tag != nullptr && *tag == name) series.push_back(one);
      }
      if (series.empty() && record::find_metric(name) == nullptr) series = of_time(index_.find(name));
      if (!series.empty() && out.size() < kMostSteps) out.emplace_back(name, std::move(series));
    }
    return out;
  }

  std::vector<std::size_t> of_time(std::vector<std::size_t> series) const {
    std::erase_if(series, [this](std::size_t one) {
      const record::SeriesKey& key = index_.key(one);
      return key.kind != record::SeriesKind::histogram || key.unit != "us";
    });
    return series;
  }

  Named groups() const {
    std::map<std::string, std::vector<std::size_t>> by_group;
    for (const std::size_t one : index_.find(record::kLagAge)) {
      const std::string* group = index_.key(one).tag("group");
      const std::string* partition = index_.key(one).tag("partition");
      if (group != nullptr && partition != nullptr && *partition == "all") by_group[*group].push_back(one);
    }
    Named out(by_group.begin(), by_group.end());
    if (out.size() > kMostGroups) out.resize(kMostGroups);
    return out;
  }

  const record::SeriesIndex& index_;
  const record::Verdict& verdict_;
  std::int32_t start_ = 0, end_ = 0;
  std::vector<std::string> order_;
};

}  // namespace

json::array reviews_to_json(const record::RunInfo& info, const record::SeriesIndex& index,
                            const record::Verdict& verdict) {
  json::array out;
  const Review review(info, index, verdict);
  for (const record::FaultResult& fault : verdict.faults) {
    if (out.size() < kMostFaults) out.emplace_back(review.of(fault));
  }
  return out;
}

}  // namespace tidegate::reports
