#pragma once
// Judging: a pure function of what the run directory holds. The same data give the same verdict, now or years later.

#include <optional>
#include <vector>

#include "gates/gate.hpp"
#include "record/events.hpp"
#include "record/run.hpp"
#include "record/series.hpp"
#include "record/verdict.hpp"

namespace tidegate::gates {

struct Baseline;

/// The verdict of a run. `findings`: what the audit found, none when it did not run. The exit code is that of the
/// outcome; an interrupted run has exit code 105. A run that was cut short is never a PASS.
/// `baseline`: what compare gates compare with; null when none was asked for.
record::Verdict judge(const record::RunInfo& run, const GateSet& gates, const record::SeriesSet& series,
                      const record::EventLog& events, const std::optional<std::vector<record::AuditFinding>>& findings,
                      const Baseline* baseline = nullptr);

/// The exit code under `--strict`: a WARN becomes that of a FAIL.
int strict_exit_code(const record::Verdict& verdict);

}  // namespace tidegate::gates
