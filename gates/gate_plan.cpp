// Gates against the plan: the samples that each judgement will have, and what is thereby already impossible.

#include <fmt/format.h>

#include <algorithm>

#include "base/units.hpp"
#include "gates/gate_kind.hpp"
#include "gates/kinds/recovery.hpp"
#include "gates/planned.hpp"
#include "gates/vocabulary.hpp"

namespace tidegate::gates {
namespace {

std::string where(const GateEntry& entry, const WindowReference& window) {
  return fmt::format("gate '{}'{}", entry.name, window.kind == WindowReference::Kind::all ? "" : " " + window.phrase());
}

// A poll gives no sample of the time of steps.
std::vector<record::PlannedLoad> load_for(const SampleNeed& need, const GateContext& context) {
  std::vector<record::PlannedLoad> load = context.load;
  if (!is_time_of_steps(need.metric)) return load;
  for (record::PlannedLoad& block : load) {
    for (auto& [flow, steps] : block.steps) {
      std::erase_if(steps, [&](const std::string& step) {
        return std::find(context.poll_metrics.begin(), context.poll_metrics.end(), step) != context.poll_metrics.end();
      });
    }
  }
  return load;
}

}  // namespace

std::optional<std::uint64_t> planned_of(const Gate& gate, const WindowReference& window, const GateContext& context) {
  const SampleNeed need = gate.need();
  const auto seconds = planned_seconds(window, context);
  if (!seconds || need.metric.empty()) return std::nullopt;
  return planned_samples(need.metric, need.selector, load_for(need, context), *seconds);
}

namespace {

// A judgement that the plan already shows to be impossible is a mistake, found before anything starts.
void check_planned(const GateEntry& entry, const GateContext& context, Diagnostics& diagnostics) {
  const SampleNeed need = entry.gate->need();
  for (const WindowReference& window : entry.windows) {
    const auto seconds = planned_seconds(window, context);
    if (!seconds) continue;
    const auto mistake = [&](const std::string& message) {
      diagnostics.add(entry.mark, where(entry, window) + " " + message);
    };
    const GateKind* kind = find_gate_kind(entry.kind);
    if (kind->takes_windows && seconds->empty()) {
      mistake("has no judged second");
      continue;
    }
    if (need.metric.empty()) continue;
    const auto samples = planned_samples(need.metric, need.selector, load_for(need, context), *seconds);
    if (!samples) continue;
    if (*samples == 0) {
      mistake("has no planned load");
    } else if (*samples < need.needed) {
      mistake(fmt::format("will have about {} and needs {}: lengthen the window, raise the rate, or relax the gate",
                          counted(*samples, "sample"), format_count(need.needed)));
    }
  }
}

void check_recovery(const GateEntry& entry, const GateContext& context, Diagnostics& diagnostics) {
  const RecoveryGate* recovery = entry.gate->as_recovery();
  if (recovery == nullptr || !context.drain_within || context.phases.empty()) return;
  const Nanoseconds end = std::chrono::seconds(context.phases.back().end) + *context.drain_within;
  for (const record::Window& fault : context.planned_faults) {
    if (fault.name != recovery->fault()) continue;
    if (std::chrono::seconds(fault.end) + recovery->within() > end) {
      diagnostics.add(entry.mark, fmt::format("gate '{}' waits beyond the end of the drain", entry.name));
    }
  }
}

}  // namespace

void check_against_plan(const GateEntry& entry, const GateContext& context, Diagnostics& diagnostics) {
  check_planned(entry, context, diagnostics);
  check_recovery(entry, context, diagnostics);
}

std::vector<PlannedGate> plan_gates(const GateSet& gates, const GateContext& context) {
  std::vector<PlannedGate> plan;
  for (const GateEntry& entry : gates.entries) {
    const SampleNeed need = entry.gate->need();
    for (const WindowReference& window : entry.windows) {
      PlannedGate planned{entry.name, entry.kind, window.text(), need.text, std::nullopt, need.needed};
      const auto seconds = planned_seconds(window, context);
      planned.samples = planned_of(*entry.gate, window, context);
      if (seconds && entry.kind == "lag") {
        planned.samples = static_cast<std::uint64_t>(seconds->length());
      }
      plan.push_back(std::move(planned));
    }
  }
  return plan;
}

}  // namespace tidegate::gates
