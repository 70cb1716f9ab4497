#include "runner/judge.hpp"

#include <filesystem>

#include "base/file.hpp"
#include "gates/baseline.hpp"
#include "gates/judge.hpp"
#include "record/events.hpp"
#include "record/series.hpp"

namespace tidegate::runner {

Result<JudgedBy> gates_of_run(const record::RunInfo& info) {
  JudgedBy judged_by;
  Diagnostics diagnostics;
  const yaml::Node root = yaml::parse(info.scenario, "run.json: scenario", diagnostics);
  const yaml::Node* section = root.find("gates");
  gates::GateContext& context = judged_by.context;
  context.phases = info.phases;
  context.groups = info.groups;
  context.load = info.load;
  if (const yaml::Node* faults = root.find("faults")) {
    for (const auto& [name, fault] : faults->entries()) context.faults.push_back(name.text());
    context.expectations = gates::fault_expectations(*faults);
  }
  gates::read_own_metrics(info.extra, context);
  if (section != nullptr) {
    judged_by.gates = gates::parse_gates(*section, root.find("validity"), context, diagnostics);
  }
  if (!diagnostics.empty()) return diagnostics.to_error();
  return judged_by;
}

namespace {

Result<std::optional<gates::Baseline>> baseline_of(const record::RunDirectory& directory) {
  std::error_code ignored;
  if (!std::filesystem::exists(directory.baseline(), ignored)) return std::optional<gates::Baseline>();
  auto content = read_file(directory.baseline());
  if (!content) return content.error();
  auto value = parse_json(*content);
  if (!value) return usage_error(directory.baseline() + ": " + value.error().message);
  auto baseline = gates::baseline_from_json(*value);
  if (!baseline) return baseline.error();
  return std::optional(std::move(*baseline));
}

}  // namespace

Result<record::Verdict> judge_directory(const record::RunDirectory& directory) {
  auto info = directory.read_info();
  if (!info) return info.error();
  auto judged_by = gates_of_run(*info);
  if (!judged_by) return judged_by.error();
  auto baseline = baseline_of(directory);
  if (!baseline) return baseline.error();
  auto series = record::read_series(directory.series());
  if (!series) return series.error();
  auto events = record::read_events(directory.events());
  if (!events) return events.error();
  auto findings = directory.read_findings();
  if (!findings) return findings.error();
  return gates::judge(*info, judged_by->gates, *series, *events, *findings, *baseline ? &**baseline : nullptr);
}

}  // namespace tidegate::runner
