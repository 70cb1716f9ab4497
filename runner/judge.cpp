#include "runner/judge.hpp"

#include "gates/gate.hpp"
#include "gates/judge.hpp"
#include "record/events.hpp"
#include "record/series.hpp"

namespace tidegate::runner {
namespace {

Result<gates::GateSet> gates_of(const record::RunInfo& info) {
  Diagnostics diagnostics;
  const yaml::Node root = yaml::parse(info.scenario, "run.json: scenario", diagnostics);
  const yaml::Node* section = root.find("gates");
  if (section == nullptr && diagnostics.empty()) return gates::GateSet{};
  gates::GateContext context;
  context.phases = info.phases;
  context.groups = info.groups;
  context.load = info.load;
  if (const yaml::Node* faults = root.find("faults")) {
    for (const auto& [name, fault] : faults->entries()) context.faults.push_back(name.text());
  }
  if (const json::value* polls = info.extra.if_contains("poll_metrics")) {
    for (const json::value& name : polls->as_array()) context.poll_metrics.emplace_back(name.as_string());
  }
  gates::GateSet set = gates::parse_gates(*section, root.find("validity"), context, diagnostics);
  if (!diagnostics.empty()) return diagnostics.to_error();
  return set;
}

}  // namespace

Result<record::Verdict> judge_directory(const record::RunDirectory& directory) {
  auto info = directory.read_info();
  if (!info) return info.error();
  auto gates = gates_of(*info);
  if (!gates) return gates.error();
  auto series = record::read_series(directory.series());
  if (!series) return series.error();
  auto events = record::read_events(directory.events());
  if (!events) return events.error();
  auto findings = directory.read_findings();
  if (!findings) return findings.error();
  return gates::judge(*info, *gates, *series, *events, *findings);
}

}  // namespace tidegate::runner
