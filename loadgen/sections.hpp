#pragma once
// The shapes of the scenario sections that loadgen reads: `load`, `generator`, `flows`, `data`, `setup` and `teardown`.
// runner/ joins them with the other folders' sections; the checks that a shape cannot express are in compile
// (loadgen/plan.hpp).

#include "base/schema.hpp"

namespace tidegate::loadgen {

schema::TypePointer load_schema();       ///< name -> load block: executor, flows, arrivals, rates, stages, VUs
schema::TypePointer generator_schema();  ///< how the load loops work
schema::TypePointer step_schema();       ///< one step of a flow
schema::TypePointer flows_schema();      ///< name -> list of steps
schema::TypePointer data_schema();       ///< name -> feeder: a CSV file, or generated columns
schema::TypePointer setup_schema();      ///< list of set-up steps
schema::TypePointer teardown_schema();   ///< list of tear-down steps

}  // namespace tidegate::loadgen
