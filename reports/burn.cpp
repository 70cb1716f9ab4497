#include "reports/burn.hpp"

#include <set>

#include "base/units.hpp"
#include "base/yaml.hpp"
#include "record/metrics.hpp"

namespace tidegate::reports {
namespace {

std::string text_of(const yaml::Node& body, std::string_view key) {
  const yaml::Node* node = body.find(key);
  return node == nullptr ? "" : node->text();
}

/// "expected and METRIC < 800ms": the metric and its limit.
bool read_good(const std::string& good, Budget& budget) {
  if (good.empty() || good == "expected") return true;
  const std::size_t start = good.find("and "), less = good.find('<');
  if (start == std::string::npos || less == std::string::npos || less < start) return false;
  std::string metric = good.substr(start + 4, less - start - 4);
  metric.erase(metric.find_last_not_of(' ') + 1);
  const std::size_t number = good.find_first_not_of("<= ", less);
  const auto limit =
      number == std::string::npos ? Result<Nanoseconds>(usage_error("")) : parse_duration(good.substr(number));
  if (!limit || limit->count() <= 0) return false;
  budget.metric = metric;
  budget.limit_us = static_cast<std::uint64_t>(limit->count() / 1000);
  return true;
}

bool is_poll(const record::RunInfo& info, const std::string& name) {
  const json::value* polls = info.extra.if_contains("poll_metrics");
  if (polls == nullptr || !polls->is_array()) return false;
  for (const json::value& poll : polls->get_array()) {
    if (poll == json::value(name)) return true;
  }
  return false;
}

std::optional<Budget> read_budget(const record::RunInfo& info, const std::string& gate, const yaml::Node& body) {
  Budget budget;
  budget.gate = gate;
  const auto objective = parse_share(text_of(body, "objective"));
  const std::string of = text_of(body, "of");
  if (!objective || *objective <= 0 || *objective >= 1 || of.empty()) return std::nullopt;
  budget.bad_allowed = 1 - *objective;
  const bool poll = is_poll(info, of);
  budget.metric = poll ? of : std::string(record::kResponseTime);
  budget.step = poll ? "" : of;
  if (const std::string burn = text_of(body, "max_burn"); !burn.empty()) {
    const auto number = parse_number(burn);
    if (!number) return std::nullopt;
    budget.max_burn = *number;
  }
  if (!read_good(text_of(body, "good"), budget)) return std::nullopt;
  return budget;
}

}  // namespace

std::vector<Budget> budgets_of(const record::RunInfo& info) {
  std::vector<Budget> out;
  Diagnostics ignored;
  const yaml::Node root = yaml::parse(info.scenario, "run.json: scenario", ignored);
  const yaml::Node* gates = root.find("gates");
  if (gates == nullptr || !gates->is_map()) return out;
  for (const auto& [name, gate] : gates->entries()) {
    const yaml::Node* body = gate.find("budget");
    if (body == nullptr || !body->is_map()) continue;
    if (auto budget = read_budget(info, name.text(), *body)) out.push_back(std::move(*budget));
  }
  return out;
}

void BurnFold::update(const record::SeriesIndex& index) {
  if (assign(index)) {
    values_.clear();
    fold(index, record::kFirstSecond, record::kLastSecond);
    return;
  }
  std::set<std::int32_t> seconds;
  for (const auto* list : {&good_, &failed_}) {
    for (const std::size_t series : *list) {
      const auto& touched = index.touched(series);
      seconds.insert(touched.begin(), touched.end());
    }
  }
  for (const std::int32_t second : seconds) fold(index, second, second + 1);
}

bool BurnFold::assign(const record::SeriesIndex& index) {
  bool more = false;
  for (; assigned_ < index.size(); ++assigned_) {
    const record::SeriesKey& key = index.key(assigned_);
    const std::string* name = key.tag("name");
    if (key.kind != record::SeriesKind::histogram || key.metric != budget_.metric) continue;
    if (!budget_.step.empty() && (name == nullptr || *name != budget_.step)) continue;
    const std::string* expected = key.tag("expected");
    (expected != nullptr && *expected == "false" ? failed_ : good_).push_back(assigned_);
    more = true;
  }
  return more;
}

void BurnFold::fold(const record::SeriesIndex& index, std::int32_t from, std::int32_t to) {
  struct Count {
    std::uint64_t bad = 0, all = 0;
  };
  std::map<std::int32_t, Count> counts;
  index.each_histogram(good_, from, to, [&](std::int32_t second, const Histogram& histogram) {
    counts[second].all += histogram.count();
    if (budget_.limit_us > 0) counts[second].bad += histogram.count_at_or_over(budget_.limit_us);
  });
  index.each_histogram(failed_, from, to, [&](std::int32_t second, const Histogram& histogram) {
    counts[second].all += histogram.count();
    counts[second].bad += histogram.count();
  });
  for (const auto& [second, count] : counts) {
    if (count.all == 0) continue;
    values_[second] = static_cast<double>(count.bad) / static_cast<double>(count.all) / budget_.bad_allowed;
  }
}

}  // namespace tidegate::reports
