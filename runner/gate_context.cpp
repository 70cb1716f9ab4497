#include "runner/gate_context.hpp"

#include "audit/audit.hpp"

namespace tidegate::runner {

gates::GateContext gate_context(const Scenario& scenario) {
  gates::GateContext context;
  context.phases = scenario.phases;
  for (const chaos::FaultSpec& fault : scenario.faults) context.faults.push_back(fault.name);
  context.groups = scenario.group_names();
  for (const stack::ProcessSpec& process : scenario.topology.processes) context.processes.push_back(process.name);
  for (const chaos::FaultSpec& fault : scenario.faults) {
    const std::int32_t end = fault.heal_at ? second_of(*fault.heal_at) + 1 : scenario.end();
    context.planned_faults.push_back({fault.name, second_of(fault.inject_at), end, true});
  }
  if (const yaml::Node* faults = scenario.root.find("faults"))
    context.expectations = gates::fault_expectations(*faults);
  for (const audit::CheckerInfo& checker : audit::checkers()) context.checkers.emplace_back(checker.name);
  context.load = scenario.load->planned();
  context.poll_metrics = scenario.load->poll_names();
  context.measure_units = scenario.load->measure_units();
  context.drain_within = scenario.drain_limit;
  return context;
}

}  // namespace tidegate::runner
