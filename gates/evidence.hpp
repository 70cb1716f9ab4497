#pragma once
// What a run left behind, asked the way gates ask: by metric, selector and seconds. Read-only; the run's data must
// outlive it. One thread at a time: it remembers what it was asked.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/histogram.hpp"
#include "gates/seconds.hpp"
#include "gates/selector.hpp"
#include "record/events.hpp"
#include "record/run.hpp"
#include "record/series.hpp"

namespace tidegate::gates {

struct Baseline;

/// Times of answers, apart by whether they were as expected.
struct Latencies {
  Histogram expected;
  Histogram failed;
  std::uint64_t count() const { return expected.count() + failed.count(); }
};

/// Whether a series holds answers that were not as expected, or iterations that failed.
bool is_failed(const record::SeriesKey& key);

/// Answers of one second, counted against a limit of time.
struct OverCounts {
  Histogram::Counts expected, failed;
};

/// One value of a gauge, or of several gauges in one second.
struct GaugePoint {
  std::int32_t second = 0;
  double value = 0;
};

class Evidence {
 public:
  Evidence(const record::RunInfo& run, const record::SeriesSet& series, const record::EventLog& events,
           const std::optional<std::vector<record::AuditFinding>>& findings);

  /// What compare gates compare with; null when nobody asked.
  const Baseline* baseline() const { return baseline_; }
  void compare_with(const Baseline* baseline) { baseline_ = baseline; }

  const record::RunInfo& run() const { return run_; }
  const record::EventLog& events() const { return events_; }
  const std::optional<std::vector<record::AuditFinding>>& findings() const { return findings_; }
  /// Injections that took place, in order.
  const std::vector<record::FaultSpan>& spans() const { return spans_; }
  /// All judged seconds of the phases.
  const SecondSet& judged() const { return judged_; }
  /// One past the last second that holds any data.
  std::int32_t data_end() const { return data_end_; }

  const std::vector<const record::Series*>& series(std::string_view metric) const;
  Latencies latencies(std::string_view metric, const Selector& selector, const SecondSet& seconds) const;
  /// Answers at or over a limit (microseconds), for every second of the set, in order.
  std::vector<OverCounts> over(std::string_view metric, const Selector& selector, std::uint64_t limit,
                               const SecondSet& seconds) const;
  double counter(std::string_view metric, const Selector& selector, const SecondSet& seconds) const;
  std::vector<GaugePoint> gauges(std::string_view metric, const Selector& selector, const SecondSet& seconds) const;
  /// Whether the load wrote anything in these seconds, so that a counter that is absent means zero.
  bool load_ran(const SecondSet& seconds) const;

  /// Samples of a metric that the generator owes: arrivals dropped, never sent, or cut off at the end of the run, once
  /// for each step of theirs that the selector matches.
  std::uint64_t missing(std::string_view metric, const Selector& selector, const SecondSet& seconds) const;

  /// The second in which a drain ended with everything drained: from there on nothing lags.
  std::optional<std::int32_t> drained_at() const { return drained_at_; }
  /// A drain ended with something still open: what the audit misses may come yet.
  bool left_undrained() const { return left_undrained_; }

 private:
  struct Flow {
    std::string block, name;
    std::vector<std::string> steps;
    std::vector<std::string> requests;  // those that are no polls: a poll's metric is named after it
  };
  std::uint64_t missing_iterations(const Flow& flow, const SecondSet& seconds) const;
  using CountsBySecond = std::vector<std::pair<std::int32_t, Histogram::Counts>>;
  const CountsBySecond& counts(const record::Series& series, std::uint64_t limit) const;

  const record::RunInfo& run_;
  const record::EventLog& events_;
  const std::optional<std::vector<record::AuditFinding>>& findings_;
  std::map<std::string, std::vector<const record::Series*>, std::less<>> by_metric_;
  const Baseline* baseline_ = nullptr;
  std::vector<record::FaultSpan> spans_;
  std::vector<Flow> flows_;
  SecondSet judged_;
  std::int32_t data_end_ = 0;
  std::optional<std::int32_t> drained_at_;
  bool left_undrained_ = false;
  // Gates ask for the same limits again and again: per window, per second of a recovery.
  mutable std::map<std::pair<const record::Series*, std::uint64_t>, CountsBySecond> counts_;
};

}  // namespace tidegate::gates
