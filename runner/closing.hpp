#pragma once
// The beginning and the end that all kinds of run share: run.json's first form; judging, verdict.json, report.html.

#include "base/result.hpp"
#include "runner/recording.hpp"
#include "runner/rehearsal.hpp"

namespace tidegate::runner {

/// Version, machine, start time and command line.
record::RunInfo new_run_info(const RunOptions& options);

/// "black-friday (smoke), seed 20241129, into runs/…", and the scale factors.
std::string opening_line(const Scenario& scenario, const std::string& directory);

/// Finishes the recording, judges the directory, writes verdict and report.
Result<RunOutcome> close_run(Recording& recording, bool interrupted);

}  // namespace tidegate::runner
