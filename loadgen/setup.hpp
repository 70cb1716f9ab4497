#pragma once
// The set-up and tear-down steps of a plan: requests sent once before load, and what they capture, or after it.

#include <functional>

#include "base/result.hpp"
#include "base/time.hpp"
#include "loadgen/runtime.hpp"

namespace tidegate::loadgen {

struct SetupOptions {
  Nanoseconds limit{0};               ///< for all steps together
  std::function<bool()> interrupted;  ///< may be empty
};

/// Sends them in order, the rows of one step side by side; fills `runtime.setup`. Blocks. The first failure ends it and
/// names the step, the row and the answer.
Result<void> run_setup_steps(Runtime& runtime, const SetupOptions& options);
/// The same for the tear-down steps, after load.
Result<void> run_teardown_steps(Runtime& runtime, const SetupOptions& options);

}  // namespace tidegate::loadgen
