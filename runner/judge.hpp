#pragma once
// Judging a run directory: a pure function of what it holds, the same at the end of a run and ever after.

#include "base/result.hpp"
#include "gates/gate.hpp"
#include "record/run.hpp"

namespace tidegate::runner {

/// The gates of a run as its inlined scenario has them, and the names they were read against.
struct JudgedBy {
  gates::GateContext context;
  gates::GateSet gates;
};
Result<JudgedBy> gates_of_run(const record::RunInfo& info);

/// Reads run.json, series, events and findings, and judges them by the gates of the inlined scenario.
/// Errors: a directory that is no run, or of a future version. A truncated or killed run is judged, never PASS.
Result<record::Verdict> judge_directory(const record::RunDirectory& directory);

}  // namespace tidegate::runner
