#include "loadgen/series_export.hpp"

#include "record/metrics.hpp"

namespace tidegate::loadgen {
namespace {

record::SeriesKey key_of(std::string_view metric, record::SeriesKind kind, const record::Tags& tags) {
  const record::MetricInfo* info = record::find_metric(metric);
  // A poll is a metric of its own, in microseconds like all times.
  const std::string unit = info != nullptr ? std::string(info->unit) : "us";
  return {std::string(metric), tags, kind, unit};
}

record::Tags with(record::Tags tags, const char* key, std::string value) {
  tags.emplace_back(key, std::move(value));
  return tags;
}

const char* text_of(bool expected) {
  return expected ? "true" : "false";
}

constexpr std::array<const char*, 3> kOutcomes = {"ok", "failed", "interrupted"};

}  // namespace

SeriesExport::SeriesExport(const CompiledPlan& plan, const MetricLayout& layout, record::SeriesWriter* writer)
    : plan_(plan),
      writer_(writer),
      steps_(layout.steps().size()),
      flows_(layout.flows().size()),
      blocks_(layout.blocks()) {
  for (const auto& place : layout.steps()) {
    const Step& step = plan.flows[place.flow].steps[place.step];
    step_tags_.push_back(
        {{"name", step.name}, {"flow", plan.flows[place.flow].name}, {"block", plan.blocks[place.block].name}});
    step_tags_.back().insert(step_tags_.back().end(), step.tags.begin(), step.tags.end());
    measures_.push_back(&step.measures);
    poll_names_.push_back(step.kind == Step::Kind::poll ? step.name : std::string{});
  }
  for (const auto& place : layout.flows()) {
    flow_tags_.push_back({{"flow", plan.flows[place.flow].name}, {"block", plan.blocks[place.block].name}});
  }
  for (const Block& block : plan.blocks) block_tags_.push_back({{"block", block.name}});
}

void SeriesExport::write(const MetricBuffer& buffer) {
  if (writer_ == nullptr) return;
  for (const auto& second : buffer.seconds()) {
    for (std::uint32_t i = 0; i < second->steps.size(); ++i) write_step(second->second, i, second->steps[i]);
    for (std::uint32_t i = 0; i < second->flows.size(); ++i) write_flow(second->second, i, second->flows[i]);
    for (std::uint32_t i = 0; i < second->blocks.size(); ++i) write_block(second->second, i, second->blocks[i]);
  }
}

void SeriesExport::write_step(std::int32_t second, std::uint32_t place, const StepMetrics& metrics) {
  StepIds& ids = steps_[place];
  const record::Tags& tags = step_tags_[place];
  pair(ids.response_time, second, record::kResponseTime, metrics.response_time, tags);
  pair(ids.from_send, second, record::kResponseTimeFromSend, metrics.from_send, tags);
  pair(ids.duration, second, record::kHttpReqDuration, metrics.duration, tags);
  pair(ids.waiting, second, record::kHttpReqWaiting, metrics.waiting, tags);
  if (!poll_names_[place].empty()) {
    pair(ids.poll, second, poll_names_[place], metrics.poll, {tags.begin() + 1, tags.end()});
  }
  std::uint64_t requests = 0;
  for (const auto& counted : metrics.requests) requests += counted.count;
  with_zeros(ids.blocked, second, record::kHttpReqBlocked, metrics.blocked, requests - metrics.blocked.count(), tags);
  histogram(ids.sending, second, record::kHttpReqSending, metrics.sending, tags);
  with_zeros(ids.receiving, second, record::kHttpReqReceiving, metrics.receiving, metrics.received_at_once, tags);
  checks(ids, second, metrics, tags);
  histogram(ids.connecting, second, record::kHttpReqConnecting, metrics.connecting, tags);
  histogram(ids.tls_handshaking, second, record::kHttpReqTlsHandshaking, metrics.tls_handshaking, tags);
  ids.measures.resize(metrics.measures.size());
  for (std::size_t i = 0; i < metrics.measures.size(); ++i) {
    const Measure& measure = (*measures_[place])[i];
    if (metrics.measures[i].empty()) continue;
    Id& id = ids.measures[i];
    if (!id) {
      id = writer_->intern({measure.name, with({tags.begin() + 1, tags.end()}, "expected", "true"),
                            record::SeriesKind::histogram, measure.unit});
    }
    writer_->merge(second, *id, metrics.measures[i]);
  }
  counter(ids.failed, second, record::kHttpReqFailed, metrics.failed, tags);
  counter(ids.polls, second, record::kPolls, metrics.polls, tags);
  for (std::size_t i = 1; i < kErrorClasses; ++i) {
    if (metrics.errors[i] == 0) continue;
    const auto name = std::string(to_string(static_cast<ErrorClass>(i)));
    counter(ids.errors[i], second, record::kErrors, metrics.errors[i], with(tags, "class", name));
  }
  for (const auto& [status, expected, count] : metrics.requests) {
    counter(ids.requests[{status, expected}], second, record::kHttpReqs, count,
            with(with(tags, "status", std::to_string(status)), "expected", text_of(expected)));
  }
}

void SeriesExport::write_flow(std::int32_t second, std::uint32_t place, const FlowMetrics& metrics) {
  FlowIds& ids = flows_[place];
  const record::Tags& tags = flow_tags_[place];
  histogram(ids.duration, second, record::kIterationDuration, metrics.duration, tags);
  counter(ids.scheduled, second, record::kScheduledIterations, metrics.scheduled, tags);
  counter(ids.dropped, second, record::kDroppedIterations, metrics.dropped, tags);
  counter(ids.late, second, record::kLateIterations, metrics.late, tags);
  for (std::size_t i = 0; i < kOutcomes.size(); ++i) {
    counter(ids.iterations[i], second, record::kIterations, metrics.iterations[i], with(tags, "outcome", kOutcomes[i]));
  }
}

void SeriesExport::write_block(std::int32_t second, std::uint32_t place, const BlockMetrics& metrics) {
  BlockIds& ids = blocks_[place];
  const record::Tags& tags = block_tags_[place];
  histogram(ids.lateness, second, record::kScheduleLateness, metrics.lateness, tags);
  counter(ids.sent, second, record::kDataSent, metrics.sent, tags);
  counter(ids.received, second, record::kDataReceived, metrics.received, tags);
}

void SeriesExport::histogram(Id& id, std::int32_t second, std::string_view metric, const Histogram& values,
                             const record::Tags& tags) {
  if (values.empty()) return;
  if (!id) id = writer_->intern(key_of(metric, record::SeriesKind::histogram, tags));
  writer_->merge(second, *id, values);
}

/// The zeros are counted while the run lasts, not recorded one by one.
void SeriesExport::with_zeros(Id& id, std::int32_t second, std::string_view metric, const Histogram& values,
                              std::uint64_t zeros, const record::Tags& tags) {
  if (zeros == 0) return histogram(id, second, metric, values, tags);
  Histogram all = values;
  all.record(0, zeros);
  histogram(id, second, metric, all, tags);
}

/// One check per answer that was held against what the step expects.
void SeriesExport::checks(StepIds& ids, std::int32_t second, const StepMetrics& metrics, const record::Tags& tags) {
  std::uint64_t passed = 0, failed = 0;
  for (const auto& counted : metrics.requests) passed += counted.expected ? counted.count : 0;
  for (const ErrorClass each : {ErrorClass::status, ErrorClass::expectation, ErrorClass::capture}) {
    failed += metrics.errors[static_cast<std::size_t>(each)];
  }
  counter(ids.checks[true], second, record::kChecks, passed, with(tags, "passed", "true"));
  counter(ids.checks[false], second, record::kChecks, failed, with(tags, "passed", "false"));
}

void SeriesExport::pair(std::array<Id, 2>& ids, std::int32_t second, std::string_view metric,
                        const std::array<Histogram, 2>& values, const record::Tags& tags) {
  for (const bool expected : {false, true}) {
    if (!values[expected].empty()) {
      histogram(ids[expected], second, metric, values[expected], with(tags, "expected", text_of(expected)));
    }
  }
}

void SeriesExport::counter(Id& id, std::int32_t second, std::string_view metric, std::uint64_t value,
                           const record::Tags& tags) {
  if (value == 0) return;
  if (!id) id = writer_->intern(key_of(metric, record::SeriesKind::counter, tags));
  writer_->add(second, *id, static_cast<double>(value));
}

void SeriesExport::gauge(std::string_view metric, std::int32_t second, double value, const std::string& loop) {
  if (writer_ == nullptr) return;
  const auto [found, added] = gauges_.try_emplace({std::string(metric), loop}, 0);
  if (added) {
    const record::Tags tags = loop.empty() ? record::Tags{} : record::Tags{{"loop", loop}};
    found->second = writer_->intern(key_of(metric, record::SeriesKind::gauge, tags));
  }
  writer_->set(second, found->second, value);
}

}  // namespace tidegate::loadgen
