#include "runner/plan_text.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/units.hpp"
#include "runner/gate_context.hpp"

namespace tidegate::runner {
namespace {

constexpr auto kAssumedLatency = std::chrono::milliseconds(100);
constexpr auto kMoment = std::chrono::milliseconds(1);

/// "48/s -> 600/s", "64 VUs", or both.
std::string offered_text(const loadgen::Plan& plan, const record::Window& phase, double first, double last) {
  const auto begin = plan.wanted_vus(std::chrono::seconds(phase.start) + kMoment);
  const auto end = plan.wanted_vus(std::chrono::seconds(phase.end) - kMoment);
  std::string vus = begin == end ? format_count(begin) : format_count(begin) + " -> " + format_count(end);
  vus += begin == 1 && end == 1 ? " VU" : " VUs";
  const std::string rates = format_rate(first) + " -> " + format_rate(last);
  if (begin + end == 0) return rates;
  return first + last > 0 ? rates + ", " + vus : vus;
}

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
    out += fmt::format("  {:>6} - {:<6} {:<12} {}{}\n", phase.start, phase.end, phase.name,
                       offered_text(*scenario.load, phase, first, last), phase.judged ? "" : "  (not judged)");
  }
  return out;
}

/// "12,000 iterations, at least 36,000 requests"; of a closed loop what fits at the assumed latency.
std::string amount_text(const record::PlannedLoad& load, const loadgen::BlockOutlook& outlook) {
  const double per_iteration =
      outlook.iterations > 0 ? static_cast<double>(outlook.requests) / static_cast<double>(outlook.iterations) : 0;
  if (load.executor == "capacity-search") return fmt::format("searches for {}", format_seconds(outlook.seconds));
  const std::uint64_t iterations = load.open_loop ? load.planned_iterations : outlook.iterations;
  const auto requests = static_cast<std::uint64_t>(static_cast<double>(iterations) * per_iteration + 0.5);
  std::string text = outlook.vus > 0 ? fmt::format("{} VUs, ", format_count(outlook.vus)) : std::string();
  text += fmt::format("{}{} iterations, {} {} requests", outlook.known ? "" : "about ", format_count(iterations),
                      outlook.known ? "at least" : "about", format_count(requests));
  return outlook.known ? text : text + fmt::format(" at {} a request", format_duration(kAssumedLatency));
}

std::string load_text(const Scenario& scenario) {
  std::string out = "load\n";
  const std::vector<loadgen::BlockOutlook> outlook = scenario.load->outlook(kAssumedLatency);
  std::size_t place = 0;
  for (const record::PlannedLoad& load : scenario.load->planned()) {
    std::string flows;
    for (const auto& [flow, share] : load.flows) flows += fmt::format(" {} {}", flow, format_share(share));
    out += fmt::format("  {:<12} {}, {}:{}\n", load.block, load.executor, amount_text(load, outlook[place++]), flows);
  }
  const double peak = scenario.load->peak_rate();
  out += fmt::format("  {}{} in progress at an assumed {} a request\n",
                     peak > 0 ? "peak " + format_rate(peak) + " iterations, " : "at most ",
                     format_count(scenario.load->peak_concurrency(kAssumedLatency)), format_duration(kAssumedLatency));
  if (const Nanoseconds tick = scenario.load->tick(); tick > Nanoseconds{0}) {
    out += fmt::format("  a load loop looks at arrivals and answers every {}\n", format_duration(tick));
  }
  if (scenario.load->thread_affinity()) out += "  each load loop keeps to one processor\n";
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
