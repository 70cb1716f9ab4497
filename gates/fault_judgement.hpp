#pragma once
// What is said of each fault without being asked: hits, time to detect, time to recover, and whether it worked at all.

#include <string>
#include <vector>

#include "gates/evidence.hpp"
#include "gates/gate.hpp"
#include "gates/window.hpp"
#include "record/verdict.hpp"

namespace tidegate::gates {

/// When the effect of each injection (evidence.spans(), in order) was over: all recovery gates `after:` its fault hold;
/// with none, the heal.
std::vector<Steady> steady_times(const Evidence& evidence, const GateSet& gates);

struct FaultJudgement {
  record::FaultResult result;
  double known_at = 0;  ///< seconds on the run clock: when its outcome was established
};
/// One for each injection, and one for each planned fault that was never injected. `complete`: the run reached its end,
/// so what is absent will not come any more.
std::vector<FaultJudgement> judge_faults(const Evidence& evidence, const GateSet& gates, bool complete);

}  // namespace tidegate::gates
