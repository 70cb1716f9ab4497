#pragma once
// One rehearsal from start to verdict: stack, set-up, load with faults, drain, audit, judging.

#include <optional>
#include <string>

#include "base/result.hpp"
#include "record/run.hpp"
#include "record/verdict.hpp"
#include "runner/scenario.hpp"

namespace tidegate::runner {

struct RunOptions {
  std::string out;  ///< run directory; empty: runs/NAME-TIME
  bool quiet = false;
  std::string baseline;  ///< a run directory or a baseline store, for compare gates; empty: they are not asked
  bool force = false;    ///< compare although scenario or machine do not match
  std::string command;   ///< the command line, for "how to reproduce"
  double setup_limit_s = 60;
};

struct RunOutcome {
  std::string directory;
  record::RunInfo info;
  record::Verdict verdict;
};

/// Plays the scenario and judges it. An error means that nothing could be judged at all (no run directory, unreadable
/// result); a stack that does not start, a fault that cannot be injected and an interrupt end in a verdict.
/// Uses Interrupts; one rehearsal at a time in a process.
Result<RunOutcome> rehearse(Scenario scenario, const RunOptions& options);

}  // namespace tidegate::runner
