#pragma once
// Which processors (Linux's CPUs) threads run on. Where some threads must not wait for each other, each can have one.

#include <vector>

#include "base/result.hpp"

namespace tidegate {

/// Those that the calling thread may run on, ascending (sched_getaffinity(2)): fewer than the machine's where a
/// container or taskset(1) said so. Empty where the system does not tell. Any thread.
std::vector<int> usable_processors();

/// The calling thread, and threads that it starts later, run there and nowhere else from now on
/// (sched_setaffinity(2)). Fails for a processor that does not exist or that the process may not use. Any thread.
Result<void> keep_on_processor(int processor);

}  // namespace tidegate
