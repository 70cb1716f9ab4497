#pragma once
// Baselines on disk: run directories, or a store that keeps runs by scenario and machine:
//
//   STORE/SCENARIO-HASH/MACHINE-HASH/NAME/{run.json, series.tgs, events.ndjson}

#include <string>
#include <vector>

#include "base/result.hpp"
#include "gates/baseline.hpp"
#include "gates/gate.hpp"
#include "record/run.hpp"

namespace tidegate::runner {

/// A run directory read for measuring, with the gates and names of its own scenario.
struct BaselineRun {
  std::string path;
  gates::MeasuredRun data;
  gates::GateContext context;
  gates::GateSet gates;
};
/// Refuses what is no run directory, and runs that were cut short or interrupted: they measure nothing whole.
Result<BaselineRun> load_baseline_run(const std::string& path);

/// The runs that a path names: itself when it is a run directory, else those of a store that fit the run, the latest
/// ten. None is not an error.
Result<std::vector<std::string>> baseline_paths(const std::string& path, const record::RunInfo& run);

/// Measures what the gates compare. A mismatch is an error unless forced, and then kept with the baseline.
Result<gates::Baseline> make_baseline(const std::string& path, const record::RunInfo& run, const gates::GateSet& gates,
                                      bool force);

/// Puts a finished run into a store; the path it got there.
Result<std::string> store_run(const std::string& store, const std::string& run);

}  // namespace tidegate::runner
