#pragma once
// The beginning and the end that all kinds of run share: run.json's first form; judging, verdict.json, report.html.

#include <memory>

#include "base/result.hpp"
#include "reports/live_page.hpp"
#include "runner/progress.hpp"
#include "runner/recording.hpp"
#include "runner/rehearsal.hpp"

namespace tidegate::runner {

/// Version, machine, start time and command line.
record::RunInfo new_run_info(const RunOptions& options);

/// "black-friday (smoke), seed 20241129, into runs/…", and the scale factors.
std::string opening_line(const Scenario& scenario, const std::string& directory);

/// Serves the live page when that was asked for, and says where; null otherwise. An error when the port is taken.
Result<std::unique_ptr<reports::LivePage>> serve_live_page(const RunOptions& options, const Recording& recording,
                                                           ProgressPrinter& printer);

/// Finishes the recording, judges the directory, writes verdict and report.
/// Pages that are open (`live` may be null) are given the end.
Result<RunOutcome> close_run(Recording& recording, bool interrupted, reports::LivePage* live = nullptr);

}  // namespace tidegate::runner
