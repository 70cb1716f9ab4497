#pragma once
// What a thread took from its core: CPU time, and time spent ready but waiting for a core.

#include <sys/types.h>

#include "base/time.hpp"

namespace tidegate::loadgen {

struct ThreadUsage {
  Nanoseconds running{0};
  Nanoseconds waiting{0};  ///< on the run queue
};

/// Of the calling thread.
pid_t current_thread_id() noexcept;
/// CPU time of the calling thread.
Nanoseconds thread_cpu_time() noexcept;
/// From /proc/self/task/ID/schedstat (running and waiting in nanoseconds); zeros when the thread is gone.
ThreadUsage thread_usage(pid_t thread) noexcept;

}  // namespace tidegate::loadgen
