#pragma once
// What the plan says about samples, before anything runs.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gates/gate.hpp"
#include "gates/seconds.hpp"
#include "gates/selector.hpp"

namespace tidegate::gates {

/// How many samples of a metric one iteration of a flow gives: one for each step that the selector matches.
std::uint64_t samples_per_iteration(std::string_view metric, const Selector& selector, const std::string& block,
                                    const std::string& flow, const std::vector<std::string>& steps);

/// Planned samples in these seconds; none when the plan does not tell (closed loop).
std::optional<std::uint64_t> planned_samples(std::string_view metric, const Selector& selector,
                                             const std::vector<record::PlannedLoad>& load, const SecondSet& seconds);

/// Planned samples of a gate in a window; none when the plan does not tell, or it is not judged on samples of the load.
std::optional<std::uint64_t> planned_of(const Gate& gate, const WindowReference& window, const GateContext& context);

/// The seconds of a window by the plan; none when it depends on when a fault is injected and that is not planned.
std::optional<SecondSet> planned_seconds(const WindowReference& window, const GateContext& context);

/// Reports judgements that the plan shows to be impossible: no load, too few samples, a wait beyond the drain.
void check_against_plan(const GateEntry& entry, const GateContext& context, Diagnostics& diagnostics);

}  // namespace tidegate::gates
