#pragma once
// One function per kind of fault, each defined in the kind's own file. Adding a kind adds a line here and in
// registry.cpp.

#include "chaos/fault.hpp"

namespace tidegate::chaos {

FaultKind kill_fault();
FaultKind latency_fault();
FaultKind partition_fault();

}  // namespace tidegate::chaos
