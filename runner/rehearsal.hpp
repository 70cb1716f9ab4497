#pragma once
// One rehearsal from start to verdict: stack, set-up, load with faults, drain, audit, judging.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "base/json.hpp"
#include "base/result.hpp"
#include "chaos/timeline.hpp"
#include "record/run.hpp"
#include "record/verdict.hpp"
#include "runner/scenario.hpp"

namespace tidegate::runner {

struct RunOptions {
  std::string out;  ///< run directory; empty: runs/NAME-TIME
  bool quiet = false;
  std::string baseline;         ///< a run directory or a baseline store, for compare gates; empty: they are not asked
  bool force = false;           ///< compare although scenario or machine do not match
  int loops = 1;                ///< of the load engine: threads, one core each
  double spin = 0;              ///< share of a core that a load loop may burn in waiting for an arrival
  bool live = false;            ///< serve the live page while it runs
  std::uint16_t live_port = 0;  ///< 0: chosen by the system
  std::string command;          ///< the command line, for "how to reproduce"
  double setup_limit_s = 60;
  /// A fault was injected, was healed, or failed: its progress says which. On the timeline's thread, so it returns
  /// soon. `emit` writes an event into the run directory, from any thread as long as the run lasts.
  using Emit = std::function<void(std::string_view type, json::object fields)>;
  std::function<void(const chaos::FaultProgress& fault, const Emit& emit)> on_fault;
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
