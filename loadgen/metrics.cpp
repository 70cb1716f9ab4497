#include "loadgen/metrics.hpp"

#include <algorithm>

namespace tidegate::loadgen {
namespace {

constexpr std::size_t kSpareSeconds = 4;  // a system that stalls makes more; their memory is given back

void reset_all(std::array<Histogram, 2>& pair) {
  for (Histogram& histogram : pair) histogram.reset();
}

void reset(StepMetrics& step) {
  reset_all(step.response_time);
  reset_all(step.from_send);
  reset_all(step.duration);
  reset_all(step.waiting);
  reset_all(step.poll);
  for (Histogram* each : {&step.blocked, &step.connecting, &step.sending, &step.receiving}) each->reset();
  step.tls_handshaking.reset();
  step.errors.fill(0);
  for (Histogram& measure : step.measures) measure.reset();
  step.failed = step.polls = step.received_at_once = 0;
  step.requests.clear();
}

}  // namespace

MetricLayout::MetricLayout(const CompiledPlan& plan) {
  for (const Block& block : plan.blocks) {
    flow_places_.emplace_back(plan.flows.size());
    step_places_.emplace_back(plan.flows.size());
    for (const FlowShare& share : block.flows) {
      flow_places_.back()[share.flow] = static_cast<std::uint32_t>(flows_.size());
      step_places_.back()[share.flow] = static_cast<std::uint32_t>(steps_.size());
      flows_.push_back({block.index, share.flow});
      for (std::uint32_t step = 0; step < plan.flows[share.flow].steps.size(); ++step) {
        const auto measures = static_cast<std::uint32_t>(plan.flows[share.flow].steps[step].measures.size());
        steps_.push_back({block.index, share.flow, step, measures});
      }
    }
  }
}

void StepMetrics::count_request(int status, bool expected) {
  for (StatusCount& known : requests) {
    if (known.status == status && known.expected == expected) {
      ++known.count;
      return;
    }
  }
  requests.push_back({status, expected, 1});
}

SecondMetrics::SecondMetrics(const MetricLayout& layout)
    : steps(layout.steps().size()), flows(layout.flows().size()), blocks(layout.blocks()) {
  for (std::size_t i = 0; i < steps.size(); ++i) steps[i].measures.resize(layout.steps()[i].measures);
}

void SecondMetrics::reset(std::int32_t to) noexcept {
  second = to;
  for (StepMetrics& step : steps) loadgen::reset(step);
  for (FlowMetrics& flow : flows) {
    flow.duration.reset();
    flow.iterations.fill(0);
    flow.scheduled = flow.dropped = flow.late = 0;
  }
  for (BlockMetrics& block : blocks) {
    block.lateness.reset();
    block.sent = block.received = 0;
  }
}

SecondMetrics& MetricBuffer::find(std::int32_t second) {
  const auto found =
      std::find_if(seconds_.rbegin(), seconds_.rend(), [&](const auto& each) { return each->second == second; });
  if (found != seconds_.rend()) {
    last_ = found->get();
    return *last_;
  }
  if (spare_.empty()) spare_.push_back(std::make_unique<SecondMetrics>(*layout_));
  seconds_.push_back(std::move(spare_.back()));
  spare_.pop_back();
  last_ = seconds_.back().get();
  last_->reset(second);
  return *last_;
}

void MetricBuffer::clear() {
  for (auto& second : seconds_) {
    if (spare_.size() < kSpareSeconds) spare_.push_back(std::move(second));
  }
  seconds_.clear();
  last_ = nullptr;
  samples.clear();
}

}  // namespace tidegate::loadgen
