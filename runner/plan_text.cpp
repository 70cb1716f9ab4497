#include "runner/plan_text.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/units.hpp"
#include "runner/gate_context.hpp"

namespace tidegate::runner {
namespace {

constexpr auto kAssumedLatency = std::chrono::milliseconds(100);

std::string timeline_text(const Scenario& scenario) {
  std::string out = "timeline (run clock, seconds)\n";
  for (const record::Window& phase : scenario.phases) {
    double first = 0, last = 0;
    for (const record::PlannedLoad& load : scenario.load->planned()) {
      for (const auto& [second, rate] : load.rate) {
        if (second == phase.start) first += rate;
        if (second == phase.end - 1) last += rate;
      }
    }
    out += fmt::format("  {:>6} - {:<6} {:<12} {} -> {}{}\n", phase.start, phase.end, phase.name, format_rate(first),
                       format_rate(last), phase.judged ? "" : "  (not judged)");
  }
  return out;
}

std::string load_text(const Scenario& scenario) {
  std::string out = "load\n";
  for (const record::PlannedLoad& load : scenario.load->planned()) {
    std::string flows;
    for (const auto& [flow, share] : load.flows) flows += fmt::format(" {} {}", flow, format_share(share));
    out += fmt::format("  {:<12} {}, {} iterations:{}\n", load.block, load.executor,
                       format_count(load.planned_iterations), flows);
  }
  out += fmt::format("  peak {} iterations, {} in progress at an assumed {} a request\n",
                     format_rate(scenario.load->peak_rate()),
                     format_count(scenario.load->peak_concurrency(kAssumedLatency)), format_duration(kAssumedLatency));
  return out;
}

std::string faults_text(const Scenario& scenario) {
  if (scenario.faults.empty()) return "faults\n  none\n";
  std::string out = "faults\n";
  for (const chaos::FaultSpec& fault : scenario.faults) {
    const std::string end = fault.heal_at ? fmt::format("{:.1f}", to_seconds(*fault.heal_at)) : "the end";
    out += fmt::format("  {:>6.1f} - {:<6} {:<16} {} on {} {}\n", to_seconds(fault.inject_at), end, fault.name,
                       fault.kind, chaos::to_string(fault.target_kind), fault.target);
  }
  const std::size_t targets = scenario.topology.links.size() + scenario.topology.processes.size();
  out += fmt::format("  blast radius: {} of {} links and processes\n", targets_of(scenario).size(), targets);
  return out;
}

std::string gates_text(const Scenario& scenario) {
  const auto planned = gates::plan_gates(scenario.gates, gate_context(scenario));
  if (planned.empty()) return "gates\n  none: the run will not be judged\n";
  std::string out = "gates\n";
  for (const gates::PlannedGate& gate : planned) {
    const std::string samples = gate.samples ? format_count(*gate.samples) + " samples" : "";
    const std::string needed = gate.needed > 0 ? fmt::format("needs {}", format_count(gate.needed)) : "";
    out += fmt::format("  {:<16} {:<18} {:<58} {:<16} {}\n", gate.name,
                       gate.window.empty() ? "all judged" : gate.window, gate.text, samples, needed);
  }
  return out;
}

}  // namespace

std::set<std::string> targets_of(const Scenario& scenario) {
  std::set<std::string> targets;
  for (const chaos::FaultSpec& fault : scenario.faults) targets.insert(fault.target);
  return targets;
}

std::string scale_text(const std::vector<record::PhaseScale>& scale) {
  std::string out;
  for (const record::PhaseScale& phase : scale) {
    if (!out.empty()) out += "; ";
    out += fmt::format("{} {:.3g} x rate, {:.3g} x time", phase.phase, phase.rate, phase.time);
  }
  return out;
}

std::string plan_text(const Scenario& scenario) {
  std::string out = fmt::format("{}{}: {}\nseed {}, {} profile\n", scenario.name,
                                scenario.variant.empty() ? "" : " (" + scenario.variant + ")", scenario.title,
                                scenario.seed, scenario.stack.profile);
  if (!scenario.scale.empty()) out += "scaled against the case study: " + scale_text(scenario.scale) + "\n";
  out += "\n" + timeline_text(scenario) + "\n" + load_text(scenario) + "\n" + faults_text(scenario) + "\n" +
         gates_text(scenario);
  return out;
}

}  // namespace tidegate::runner
