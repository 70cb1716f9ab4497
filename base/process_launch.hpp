#pragma once
// The steps from ProcessOptions to a running child; base/process.hpp is what others include.

#include <sys/types.h>

#include "base/process.hpp"

namespace tidegate::detail {

struct Launched {
  pid_t pid = -1;
  FileDescriptor pidfd;
};

/// Forks and executes. An error names the program and the step that failed; no child is left then.
Result<Launched> launch(const ProcessOptions& options);

}  // namespace tidegate::detail
