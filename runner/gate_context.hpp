#pragma once
// What the gates need to know of the rest of a scenario, resolved across the sections.

#include "gates/gate.hpp"
#include "runner/scenario.hpp"

namespace tidegate::runner {

gates::GateContext gate_context(const Scenario& scenario);

}  // namespace tidegate::runner
