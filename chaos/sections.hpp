#pragma once
// The shape of the scenario's `faults:` section, for the runner's whole-file check, the editors' schema and the docs.

#include "base/schema.hpp"

namespace tidegate::chaos {

/// A map of the user's names to faults.
schema::TypePointer faults_schema();
/// One entry of it.
schema::TypePointer fault_schema();

}  // namespace tidegate::chaos
