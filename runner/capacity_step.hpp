#pragma once
// What the gates make of one step of a capacity search: the run so far, judged on that step's seconds alone.

#include <string>
#include <vector>

#include "base/result.hpp"
#include "loadgen/capacity_search.hpp"
#include "record/run.hpp"

namespace tidegate::runner {

/// One point of the knee curve.
struct CapacityPoint {
  loadgen::StepVerdict verdict = loadgen::StepVerdict::undecided;
  std::string reason;           ///< of the gate that decided
  double achieved_per_s = 0;    ///< iterations that ended
  double p50_s = 0, p99_s = 0;  ///< of response_time
  double errors = 0;            ///< share of requests that were not as expected
  double lateness_p99_s = 0;
};

/// Reads the series of the run directory and judges the named gates of the scenario in `info` over [from, to) seconds.
/// Errors: an unreadable directory or scenario.
Result<CapacityPoint> judge_capacity_step(const record::RunDirectory& directory, const record::RunInfo& info,
                                          const std::string& block, const std::vector<std::string>& gates,
                                          std::int32_t from, std::int32_t to);

}  // namespace tidegate::runner
