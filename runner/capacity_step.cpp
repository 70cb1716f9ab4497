#include "runner/capacity_step.hpp"

#include <algorithm>

#include "base/yaml.hpp"
#include "gates/gate.hpp"
#include "gates/judge.hpp"
#include "record/metrics.hpp"
#include "record/series.hpp"

namespace tidegate::runner {
namespace {

constexpr double kMicrosecond = 1e-6;

/// The scenario's gates with these names, without the windows that they name.
yaml::Node named_gates(const yaml::Node& section, const std::vector<std::string>& names) {
  std::vector<std::pair<yaml::Node, yaml::Node>> entries;
  for (const auto& [name, gate] : section.entries()) {
    if (std::find(names.begin(), names.end(), name.text()) == names.end()) continue;
    yaml::Node everywhere = gate;
    everywhere.erase("during");
    entries.emplace_back(name, std::move(everywhere));
  }
  return yaml::Node::map(std::move(entries));
}

Result<gates::GateSet> read_gates(const record::RunInfo& info, const std::vector<std::string>& names) {
  Diagnostics diagnostics;
  const yaml::Node root = yaml::parse(info.scenario, "run.json: scenario", diagnostics);
  const yaml::Node* section = root.find("gates");
  if (section == nullptr) return internal_error("the scenario of a capacity search has no gates");
  gates::GateContext context;
  context.phases = info.phases;
  context.groups = info.groups;
  context.load = info.load;
  gates::read_own_metrics(info.extra, context);
  gates::GateSet set = gates::parse_gates(named_gates(*section, names), root.find("validity"), context, diagnostics);
  if (!diagnostics.empty()) return diagnostics.to_error();
  return set;
}

double sum_of(const record::SeriesSet& series, std::string_view metric, std::int32_t from, std::int32_t to) {
  double sum = 0;
  for (const record::Series* each : series.find(metric)) sum += each->sum(from, to);
  return sum;
}

Histogram merged(const record::SeriesSet& series, std::string_view metric, std::int32_t from, std::int32_t to) {
  Histogram all;
  for (const record::Series* each : series.find(metric)) all.merge(each->merged(from, to));
  return all;
}

void measure(CapacityPoint& point, const record::SeriesSet& series, std::int32_t from, std::int32_t to) {
  const Histogram times = merged(series, record::kResponseTime, from, to);
  point.p50_s = static_cast<double>(times.value_at_percentile(50)) * kMicrosecond;
  point.p99_s = static_cast<double>(times.value_at_percentile(99)) * kMicrosecond;
  point.lateness_p99_s =
      static_cast<double>(merged(series, record::kScheduleLateness, from, to).value_at_percentile(99)) * kMicrosecond;
  point.achieved_per_s = sum_of(series, record::kIterations, from, to) / (to - from);
  const double requests = sum_of(series, record::kHttpReqs, from, to);
  point.errors = requests > 0 ? sum_of(series, record::kHttpReqFailed, from, to) / requests : 0;
}

loadgen::StepVerdict verdict_of(record::Outcome outcome) {
  switch (outcome) {
    case record::Outcome::pass:
    case record::Outcome::warn:
    case record::Outcome::not_asked:
      return loadgen::StepVerdict::holds;
    case record::Outcome::fail:
      return loadgen::StepVerdict::breaks;
    case record::Outcome::inconclusive:
    case record::Outcome::error:
      break;
  }
  return loadgen::StepVerdict::undecided;
}

}  // namespace

Result<CapacityPoint> judge_capacity_step(const record::RunDirectory& directory, const record::RunInfo& info,
                                          const std::string& block, const std::vector<std::string>& names,
                                          std::int32_t from, std::int32_t to) {
  record::RunInfo step = info;
  step.phases = {{"step", from, to, true}};
  std::erase_if(step.load, [&](const record::PlannedLoad& load) { return load.block != block; });
  step.finished = true;
  auto gates = read_gates(step, names);
  if (!gates) return gates.error();
  auto series = record::read_series(directory.series());
  if (!series) return series.error();
  CapacityPoint point;
  measure(point, *series, from, to);
  const record::Verdict verdict = gates::judge(step, *gates, *series, record::EventLog{}, std::nullopt);
  point.verdict = verdict_of(verdict.outcome);
  if (!verdict.reasons.empty()) point.reason = verdict.reasons.front();
  return point;
}

}  // namespace tidegate::runner
