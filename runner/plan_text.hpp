#pragma once
// `tidegate plan`: what a scenario would do, as text.

#include <set>
#include <string>
#include <vector>

#include "runner/scenario.hpp"

namespace tidegate::runner {

/// Timeline, requests, peak concurrency (Little's law at an assumed 100 ms a request), faults with what they touch, and
/// the gates with the samples they will have.
std::string plan_text(const Scenario& scenario);

/// The links and processes that faults touch.
std::set<std::string> targets_of(const Scenario& scenario);

/// "ramp 0.12 x rate, 0.0078 x time; …" against the variant `full`; empty when nothing is scaled.
std::string scale_text(const std::vector<record::PhaseScale>& scale);

}  // namespace tidegate::runner
