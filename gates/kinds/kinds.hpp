#pragma once
// The kinds of gates of this build; each is defined in the file of its name.

#include "gates/gate_kind.hpp"

namespace tidegate::gates {

const GateKind& expect_kind();
const GateKind& lag_kind();
const GateKind& budget_kind();
const GateKind& recovery_kind();
const GateKind& audit_kind();
const GateKind& compare_kind();
const GateKind& probe_kind();

}  // namespace tidegate::gates
