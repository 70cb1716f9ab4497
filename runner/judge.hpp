#pragma once
// Judging a run directory: a pure function of what it holds, the same at the end of a run and ever after.

#include "base/result.hpp"
#include "record/run.hpp"

namespace tidegate::runner {

/// Reads run.json, series, events and findings, and judges them by the gates of the inlined scenario.
/// Errors: a directory that is no run, or of a future version. A truncated or killed run is judged, never PASS.
Result<record::Verdict> judge_directory(const record::RunDirectory& directory);

}  // namespace tidegate::runner
