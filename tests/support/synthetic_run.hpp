#pragma once
// A run directory's data without a run: built in memory, second by second, for tests of judging and of reports.
//
//   SyntheticRun run;                       // warm-up 0..3 (not judged), ramp 3..10, peak 10..30; 100 payments/s,
//   healthy run.slow(10, 30, 700'000);              // answers of those seconds take 700 ms run.fault("bank_slow", 14,
//   18, 700);    // injected, healed, hits judge(run.info, gates, run.series(), run.events, run.findings);

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/histogram.hpp"
#include "base/json.hpp"
#include "base/time.hpp"
#include "record/events.hpp"
#include "record/run.hpp"
#include "record/series.hpp"

namespace tidegate::testing {

class SyntheticRun {
 public:
  static constexpr int kRate = 100;  // payments a second
  static constexpr std::uint64_t kAnswerUs = 20'000;
  static constexpr std::uint64_t kSettledUs = 400'000;

  /// Healthy: every answer expected after 20 ms, settled after 400 ms, no lag, an idle generator, drained, audited.
  SyntheticRun() : SyntheticRun(kRate) {}
  explicit SyntheticRun(int rate) : SyntheticRun(rate, {{"warmup", 0, 3, false}, {"ramp", 3, 10}, {"peak", 10, 30}}) {}
  SyntheticRun(int rate, std::vector<record::Window> phases) {
    info.name = "synthetic";
    info.title = "A synthetic run";
    info.seed = 7;
    info.groups = {"ledger"};
    info.finished = true;
    info.phases = std::move(phases);
    const std::int32_t last = end();
    record::PlannedLoad load;
    load.block = "shoppers";
    load.executor = "constant-arrival-rate";
    load.flows = {{"pay", 1.0}};
    load.steps = {{"pay", {"create_payment", "payment_settled"}}};
    for (std::int32_t second = 0; second < last; ++second) {
      load.rate.emplace_back(second, rate);
      load.planned_iterations += static_cast<std::uint64_t>(rate);
      healthy_second(second, rate);
    }
    info.load.push_back(std::move(load));
    for (std::int32_t second = 0; second < last + 5; ++second) lag(second, second + 1, 0.05, 3);
    event(0, "load_started");
    event(last, "load_ended");
    event(last, "drain_started");
    event(last + 2, "drain_ended", {{"drained", true}, {"seconds", 2.0}, {"open", 0}});
    event(last + 5, "run_ended");
    findings.emplace();
    for (const char* checker : {"no_lost_acks", "no_double_charge", "ledger_balanced"}) {
      findings->push_back({checker, "true", 1000, "", {}});
    }
  }

  record::RunInfo info;
  record::EventLog events;
  std::optional<std::vector<record::AuditFinding>> findings;
  bool series_cut_short = false;

  std::int32_t end() const { return info.phases.empty() ? 0 : info.phases.back().end; }

  /// One series while it is being made up.
  struct Data {
    record::SeriesKey key;
    std::map<std::int32_t, double> values;
    std::map<std::int32_t, Histogram> histograms;
  };

  /// The series as a reader gives them.
  record::SeriesSet series() const {
    record::SeriesSet set;
    for (const auto& [key, one] : series_) {
      record::Series series{one.key, one.values, {}};
      for (const auto& [second, histogram] : one.histograms) series.histograms.add(second, histogram);
      set.series.push_back(std::move(series));
    }
    set.cut_short = series_cut_short;
    if (series_cut_short) set.cut_short_reason = "the file ends inside a block";
    return set;
  }

  // Raw access: one series, created when first named.
  Data& of(std::string_view metric, record::Tags tags, record::SeriesKind kind) {
    std::sort(tags.begin(), tags.end());
    const record::MetricInfo* known = record::find_metric(metric);
    record::SeriesKey key{std::string(metric), std::move(tags), kind, known ? std::string(known->unit) : "us"};
    Data& series = series_[key];
    series.key = key;
    return series;
  }
  void count(std::string_view metric, record::Tags tags, std::int32_t second, double delta) {
    of(metric, std::move(tags), record::SeriesKind::counter).values[second] += delta;
  }
  void gauge(std::string_view metric, record::Tags tags, std::int32_t second, double value) {
    of(metric, std::move(tags), record::SeriesKind::gauge).values[second] = value;
  }
  void time(std::string_view metric, record::Tags tags, std::int32_t second, std::uint64_t us,
            std::uint64_t times = 1) {
    if (times > 0) of(metric, std::move(tags), record::SeriesKind::histogram).histograms[second].record(us, times);
  }
  void event(double seconds, std::string type, json::object fields = {}) {
    record::Event one{from_seconds(seconds), std::move(type), std::move(fields)};
    const auto later = std::find_if(events.events.begin(), events.events.end(),
                                    [&](const record::Event& other) { return other.time > one.time; });
    events.events.insert(later, std::move(one));
  }
  void erase_events(std::string_view type) {
    std::erase_if(events.events, [&](const record::Event& one) { return one.type == type; });
  }
  /// Removes a metric's records of these seconds, all series.
  void erase(std::string_view metric, std::int32_t from, std::int32_t to) {
    for (auto& [key, one] : series_) {
      if (key.metric != metric) continue;
      one.values.erase(one.values.lower_bound(from), one.values.lower_bound(to));
      one.histograms.erase(one.histograms.lower_bound(from), one.histograms.lower_bound(to));
    }
  }
  void erase_all() { series_.clear(); }

  // What goes wrong, in [from, to).
  /// Answers take this long, from the intended start and from the send.
  void slow(std::int32_t from, std::int32_t to, std::uint64_t us) { answers(from, to, us, us, true); }
  /// The system was quick, but the generator sent late: only the time from the intended start is long.
  void generator_late(std::int32_t from, std::int32_t to, std::uint64_t us) {
    answers(from, to, us, kAnswerUs, true);
    for (std::int32_t second = from; second < to; ++second) {
      count(record::kLateIterations, flow_tags(), second, rate_at(second));
      time(record::kScheduleLateness, {{"block", "shoppers"}}, second, us, static_cast<std::uint64_t>(rate_at(second)));
    }
  }
  /// `each` of a second's answers are not as expected, and quick.
  void fail_requests(std::int32_t from, std::int32_t to, int each, std::uint64_t us = 1000) {
    for (std::int32_t second = from; second < to; ++second) {
      const int good = std::max(rate_at(second) - each, 0), bad = rate_at(second) - good;
      for (const std::string_view metric : {record::kResponseTime, record::kResponseTimeFromSend}) {
        const Histogram old = of(metric, request_tags(true), record::SeriesKind::histogram).histograms[second];
        erase_series_second(metric, true, second);
        time(metric, request_tags(true), second, old.empty() ? kAnswerUs : old.max(), static_cast<std::uint64_t>(good));
        time(metric, request_tags(false), second, us, static_cast<std::uint64_t>(bad));
      }
      count(record::kHttpReqs, with(request_tags(true), "status", "202"), second, -bad);
      count(record::kHttpReqs, with(request_tags(false), "status", "500"), second, bad);
      count(record::kHttpReqFailed, {{"block", "shoppers"}, {"flow", "pay"}, {"name", "create_payment"}}, second, bad);
      count(record::kIterations, with(flow_tags(), "outcome", "ok"), second, -bad);
      count(record::kIterations, with(flow_tags(), "outcome", "failed"), second, bad);
      erase("payment_settled", second, second + 1);
      time("payment_settled", poll_tags(true), second, kSettledUs, static_cast<std::uint64_t>(good));
    }
  }
  /// `each` of a second's arrivals found no virtual user free.
  void drop(std::int32_t from, std::int32_t to, int each) {
    for (std::int32_t second = from; second < to; ++second) {
      const int left = std::max(rate_at(second) - each, 0), gone = rate_at(second) - left;
      for (const std::string_view metric : {record::kResponseTime, record::kResponseTimeFromSend}) {
        const Histogram old = of(metric, request_tags(true), record::SeriesKind::histogram).histograms[second];
        erase_series_second(metric, true, second);
        time(metric, request_tags(true), second, old.empty() ? kAnswerUs : old.max(), static_cast<std::uint64_t>(left));
      }
      erase("payment_settled", second, second + 1);
      time("payment_settled", poll_tags(true), second, kSettledUs, static_cast<std::uint64_t>(left));
      count(record::kHttpReqs, with(request_tags(true), "status", "202"), second, -gone);
      count(record::kIterations, with(flow_tags(), "outcome", "ok"), second, -gone);
      count(record::kDroppedIterations, flow_tags(), second, gone);
    }
  }
  void lag(std::int32_t from, std::int32_t to, double age_s, double records) {
    for (std::int32_t second = from; second < to; ++second) {
      gauge(record::kLagAge, lag_tags(), second, age_s);
      gauge(record::kLagReadAge, lag_tags(), second, age_s);
      gauge(record::kLagRecords, lag_tags(), second, records);
    }
  }
  void no_lag_samples(std::int32_t from, std::int32_t to) {
    for (const std::string_view metric : {record::kLagAge, record::kLagReadAge, record::kLagRecords}) {
      erase(metric, from, to);
    }
  }
  void fault(const std::string& name, double injected, double healed, std::int64_t hits) {
    event(injected, "fault_injected", {{"fault", name}, {"kind", "latency"}, {"target", "a->b"}});
    event(healed, "fault_healed", {{"fault", name}, {"hits", hits}, {"reason", "ended"}});
  }
  /// As a run that was killed leaves it: nothing from this second on.
  void cut_at(std::int32_t second) {
    for (auto& [key, one] : series_) {
      one.values.erase(one.values.lower_bound(second), one.values.end());
      one.histograms.erase(one.histograms.lower_bound(second), one.histograms.end());
    }
    std::erase_if(events.events, [&](const record::Event& one) { return to_seconds(one.time) >= second; });
    events.cut_short = true;
    info.finished = false;
    findings.reset();
  }

  static record::Tags flow_tags() { return {{"block", "shoppers"}, {"flow", "pay"}}; }
  static record::Tags request_tags(bool expected) {
    return {
        {"block", "shoppers"}, {"expected", expected ? "true" : "false"}, {"flow", "pay"}, {"name", "create_payment"}};
  }
  static record::Tags poll_tags(bool expected) {
    return {{"block", "shoppers"}, {"expected", expected ? "true" : "false"}, {"flow", "pay"}};
  }
  static record::Tags lag_tags() { return {{"group", "ledger"}, {"partition", "all"}, {"topic", "payments"}}; }
  static record::Tags with(record::Tags tags, std::string key, std::string value) {
    tags.emplace_back(std::move(key), std::move(value));
    return tags;
  }

  int rate_at(std::int32_t second) const {
    for (const auto& [at, rate] : info.load.front().rate) {
      if (at == second) return static_cast<int>(rate);
    }
    return 0;
  }

 private:
  void healthy_second(std::int32_t second, int rate) {
    const auto each = static_cast<std::uint64_t>(rate);
    count(record::kScheduledIterations, flow_tags(), second, rate);
    count(record::kIterations, with(flow_tags(), "outcome", "ok"), second, rate);
    count(record::kHttpReqs, with(request_tags(true), "status", "202"), second, rate);
    time(record::kResponseTime, request_tags(true), second, kAnswerUs, each);
    time(record::kResponseTimeFromSend, request_tags(true), second, kAnswerUs, each);
    time("payment_settled", poll_tags(true), second, kSettledUs, each);
    time(record::kScheduleLateness, {{"block", "shoppers"}}, second, 80, each);
    gauge(record::kGeneratorCpu, {{"loop", "0"}}, second, 0.3);
    gauge(record::kGeneratorRunQueueWait, {{"loop", "0"}}, second, 0.005);
  }
  void erase_series_second(std::string_view metric, bool expected, std::int32_t second) {
    of(metric, request_tags(expected), record::SeriesKind::histogram).histograms.erase(second);
  }
  void answers(std::int32_t from, std::int32_t to, std::uint64_t intended_us, std::uint64_t sent_us, bool expected) {
    for (std::int32_t second = from; second < to; ++second) {
      const auto each = static_cast<std::uint64_t>(rate_at(second));
      erase_series_second(record::kResponseTime, expected, second);
      erase_series_second(record::kResponseTimeFromSend, expected, second);
      time(record::kResponseTime, request_tags(expected), second, intended_us, each);
      time(record::kResponseTimeFromSend, request_tags(expected), second, sent_us, each);
    }
  }

  std::map<record::SeriesKey, Data> series_;
};

}  // namespace tidegate::testing
