#include "gates/evidence.hpp"

#include <algorithm>
#include <cmath>

#include "base/json.hpp"
#include "gates/planned.hpp"
#include "gates/vocabulary.hpp"
#include "gates/window.hpp"

namespace tidegate::gates {
namespace {

std::uint64_t to_count(double value) {
  return value > 0 ? static_cast<std::uint64_t>(std::llround(value)) : 0;
}

// A span that only a fault_failed event made was never injected.
bool was_injected(const record::FaultSpan& span, const record::EventLog& events) {
  return std::any_of(events.events.begin(), events.events.end(), [&](const record::Event& event) {
    return event.type == "fault_injected" && event.time == span.injected &&
           string_member(event.fields, "fault") == span.fault;
  });
}

Selector iteration_selector(const std::string& block, const std::string& flow) {
  return {{"block", block}, {"flow", flow}};
}

}  // namespace

bool is_failed(const record::SeriesKey& key) {
  const std::string* expected = key.tag("expected");
  const std::string* outcome = key.tag("outcome");
  return (expected != nullptr && *expected != "true") || (outcome != nullptr && *outcome != "ok");
}

Evidence::Evidence(const record::RunInfo& run, const record::SeriesSet& series, const record::EventLog& events,
                   const std::optional<std::vector<record::AuditFinding>>& findings)
    : run_(run), events_(events), findings_(findings), judged_(judged_seconds(run.phases)) {
  for (const record::Series& one : series.series) by_metric_[one.key.metric].push_back(&one);
  data_end_ = series.range().second;
  for (record::FaultSpan& span : record::fault_spans(events)) {
    if (was_injected(span, events)) spans_.push_back(std::move(span));
  }
  for (const record::PlannedLoad& load : run.load) {
    for (const auto& [flow, steps] : load.steps) {
      Flow known{load.block, flow, steps, steps};
      std::erase_if(known.requests, [&](const std::string& step) { return by_metric_.contains(step); });
      flows_.push_back(std::move(known));
    }
  }
  for (const record::Event& event : events.events) {
    if (event.type != "drain_ended") continue;
    left_undrained_ = !boolean_member(event.fields, "drained").value_or(false);
    if (!left_undrained_) drained_at_ = second_of(event.time);
  }
}

const std::vector<const record::Series*>& Evidence::series(std::string_view metric) const {
  static const std::vector<const record::Series*> kNone;
  const auto found = by_metric_.find(metric);
  return found == by_metric_.end() ? kNone : found->second;
}

Latencies Evidence::latencies(std::string_view metric, const Selector& selector, const SecondSet& seconds) const {
  Latencies result;
  for (const record::Series* one : series(metric)) {
    if (!selector.matches(one->key)) continue;
    Histogram& target = is_failed(one->key) ? result.failed : result.expected;
    for (const Span& span : seconds.spans()) one->histograms.merge_into(target, span.from, span.to);
  }
  return result;
}

const Evidence::CountsBySecond& Evidence::counts(const record::Series& series, std::uint64_t limit) const {
  const auto inserted = counts_.try_emplace({&series, limit});
  CountsBySecond& seconds = inserted.first->second;
  if (inserted.second) {
    series.histograms.counts(
        series.histograms.first_second(), series.histograms.end_second(), limit,
        [&seconds](std::int32_t second, const Histogram::Counts& counts) { seconds.emplace_back(second, counts); });
  }
  return seconds;
}

std::vector<OverCounts> Evidence::over(std::string_view metric, const Selector& selector, std::uint64_t limit,
                                       const SecondSet& seconds) const {
  std::vector<OverCounts> result(static_cast<std::size_t>(seconds.length()));
  for (const record::Series* one : series(metric)) {
    if (!selector.matches(one->key)) continue;
    const bool failed = is_failed(one->key);
    const CountsBySecond& all = counts(*one, limit);
    std::size_t base = 0;  // of the span in the result
    for (const Span& span : seconds.spans()) {
      auto at = std::lower_bound(all.begin(), all.end(), span.from,
                                 [](const auto& entry, std::int32_t second) { return entry.first < second; });
      for (; at != all.end() && at->first < span.to; ++at) {
        OverCounts& target = result[base + static_cast<std::size_t>(at->first - span.from)];
        Histogram::Counts& sum = failed ? target.failed : target.expected;
        sum.total += at->second.total;
        sum.at_or_over += at->second.at_or_over;
      }
      base += static_cast<std::size_t>(span.to - span.from);
    }
  }
  return result;
}

double Evidence::counter(std::string_view metric, const Selector& selector, const SecondSet& seconds) const {
  double sum = 0;
  for (const record::Series* one : series(metric)) {
    if (!selector.matches(one->key)) continue;
    for (const Span& span : seconds.spans()) sum += one->sum(span.from, span.to);
  }
  return sum;
}

std::vector<GaugePoint> Evidence::gauges(std::string_view metric, const Selector& selector,
                                         const SecondSet& seconds) const {
  std::vector<GaugePoint> points;
  for (const record::Series* one : series(metric)) {
    if (!selector.matches(one->key)) continue;
    for (const Span& span : seconds.spans()) {
      const auto end = one->values.lower_bound(span.to);
      for (auto at = one->values.lower_bound(span.from); at != end; ++at) points.push_back({at->first, at->second});
    }
  }
  return points;
}

bool Evidence::load_ran(const SecondSet& seconds) const {
  return counter(record::kHttpReqs, {}, seconds) > 0 || counter(record::kIterations, {}, seconds) > 0;
}

std::uint64_t Evidence::missing_iterations(const Flow& flow, const SecondSet& seconds) const {
  const Selector selector = iteration_selector(flow.block, flow.name);
  Selector interrupted = selector;
  interrupted.require("outcome", "interrupted");
  const double dropped = counter(record::kDroppedIterations, selector, seconds);
  const double cut_off = counter(record::kIterations, interrupted, seconds);
  const double scheduled = counter(record::kScheduledIterations, selector, seconds);
  const double completed = counter(record::kIterations, selector, seconds) - cut_off;
  // What was scheduled and neither dropped nor completed was never sent, or its end was never seen.
  return to_count(std::max(dropped + cut_off, scheduled - completed));
}

std::uint64_t Evidence::missing(std::string_view metric, const Selector& selector, const SecondSet& seconds) const {
  // What the generator never sent says nothing about its own lateness.
  if (metric == record::kScheduleLateness) return 0;
  std::uint64_t total = 0;
  for (const Flow& flow : flows_) {
    const auto& steps = is_time_of_steps(metric) ? flow.requests : flow.steps;
    const std::uint64_t each = samples_per_iteration(metric, selector, flow.block, flow.name, steps);
    if (each > 0) total += each * missing_iterations(flow, seconds);
  }
  return total;
}

}  // namespace tidegate::gates
