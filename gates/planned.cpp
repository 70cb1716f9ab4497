#include "gates/planned.hpp"

#include <algorithm>
#include <cmath>

namespace tidegate::gates {
namespace {

// Of a block's iterations, the share that runs a flow.
double flow_share(const record::PlannedLoad& load, const std::string& flow) {
  double total = 0, mine = 0;
  for (const auto& [name, weight] : load.flows) {
    total += weight;
    if (name == flow) mine += weight;
  }
  return total > 0 ? mine / total : 0;
}

double samples_of_one(std::string_view metric, const Selector& selector, const record::PlannedLoad& load) {
  double samples = 0;
  for (const auto& [flow, steps] : load.steps) {
    samples +=
        flow_share(load, flow) * static_cast<double>(samples_per_iteration(metric, selector, load.block, flow, steps));
  }
  return samples;
}

}  // namespace

std::uint64_t samples_per_iteration(std::string_view metric, const Selector& selector, const std::string& block,
                                    const std::string& flow, const std::vector<std::string>& steps) {
  if (!selector.admits("flow", flow) || !selector.admits("block", block)) return 0;
  if (metric == record::kIterationDuration || metric == record::kIterations || metric == record::kScheduleLateness) {
    return 1;
  }
  const auto named = [&](std::string_view name) {
    return static_cast<std::uint64_t>(std::count(steps.begin(), steps.end(), name));
  };
  if (record::find_metric(metric) == nullptr) return named(metric);  // a poll: its metric is its step's name
  if (steps.empty()) return selector.restricts("name") ? 0 : 1;
  return static_cast<std::uint64_t>(std::count_if(
      steps.begin(), steps.end(), [&](const std::string& step) { return selector.admits("name", step); }));
}

std::optional<std::uint64_t> planned_samples(std::string_view metric, const Selector& selector,
                                             const std::vector<record::PlannedLoad>& load, const SecondSet& seconds) {
  double total = 0;
  for (const record::PlannedLoad& block : load) {
    const double each = samples_of_one(metric, selector, block);
    if (each <= 0) continue;
    if (!block.open_loop || block.rate.empty()) return std::nullopt;
    for (const auto& [second, rate] : block.rate) {
      if (seconds.contains(second)) total += rate * each;
    }
  }
  return static_cast<std::uint64_t>(std::llround(total));
}

std::optional<SecondSet> planned_seconds(const WindowReference& window, const GateContext& context) {
  std::vector<record::FaultSpan> spans;
  std::vector<Steady> steady;
  for (const record::Window& fault : context.planned_faults) {
    record::FaultSpan span;
    span.fault = fault.name;
    span.injected = from_seconds(fault.start);
    span.healed = from_seconds(fault.end);
    span.was_healed = true;
    spans.push_back(span);
    steady.push_back({static_cast<double>(fault.end), static_cast<double>(fault.end)});
  }
  const bool planned =
      std::any_of(spans.begin(), spans.end(), [&](const record::FaultSpan& span) { return span.fault == window.name; });
  // How long recovering takes is not planned.
  if (window.of_fault() && (!planned || window.kind == WindowReference::Kind::recovering)) return std::nullopt;
  return Windows(context.phases, std::move(spans), std::move(steady)).resolve(window).seconds;
}

}  // namespace tidegate::gates
