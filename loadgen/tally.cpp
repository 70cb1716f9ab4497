#include "loadgen/tally.hpp"

#include <numeric>

namespace tidegate::loadgen {
namespace {

Nanoseconds percentile(const Histogram& histogram, double percent) {
  return std::chrono::microseconds(histogram.value_at_percentile(percent));
}

}  // namespace

void Tally::add(const MetricBuffer& buffer) {
  for (const auto& second : buffer.seconds()) {
    for (const StepMetrics& step : second->steps) {
      for (const bool expected : {false, true}) response_time_.merge(step.response_time[expected]);
      for (const auto& counted : step.requests) requests_ += counted.count;
      errors_ += step.failed;
      limits_.descriptors += step.errors[static_cast<std::size_t>(ErrorClass::descriptors)];
      limits_.ports += step.errors[static_cast<std::size_t>(ErrorClass::ports)];
      limits_.memory += step.errors[static_cast<std::size_t>(ErrorClass::memory)];
    }
    for (const FlowMetrics& flow : second->flows) {
      iterations_ = std::accumulate(flow.iterations.begin(), flow.iterations.end(), iterations_);
      dropped_ += flow.dropped;
      late_ += flow.late;
    }
    for (const BlockMetrics& block : second->blocks) lateness_.merge(block.lateness);
  }
}

Progress Tally::progress(const CompiledPlan& plan, Nanoseconds from, Nanoseconds to) const {
  Progress progress;
  progress.interval_s = to > from ? to_seconds(to - from) : 0;
  if (progress.interval_s > 0) {
    for (const Block& block : plan.blocks) {
      progress.target_rate += (block.curve.arrivals_before(to) - block.curve.arrivals_before(from)) /
                              progress.interval_s / plan.segment.count;
    }
    progress.achieved_rate = static_cast<double>(iterations_) / progress.interval_s;
    progress.request_rate = static_cast<double>(requests_) / progress.interval_s;
  }
  progress.p50 = percentile(response_time_, 50);
  progress.p99 = percentile(response_time_, 99);
  progress.requests = requests_;
  progress.errors = errors_;
  progress.dropped = dropped_;
  progress.limits = limits_;
  progress.late = late_;
  progress.lateness_p99 = percentile(lateness_, 99);
  return progress;
}

std::string GeneratorLimits::text() const {
  std::string text;
  const auto add = [&text](std::uint64_t count, const char* what) {
    if (count > 0) text += (text.empty() ? "" : ", ") + std::string(what) + " for " + std::to_string(count);
  };
  add(descriptors, "no descriptor left");
  add(ports, "no local port left");
  add(memory, "short of memory");
  return text;
}

}  // namespace tidegate::loadgen
