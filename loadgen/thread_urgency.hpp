#pragma once
// A load loop shares the machine with the system under test. When an arrival is due it must run at once, or the
// generator's own wait for a core would be measured as the system's latency.

#include <string_view>

namespace tidegate::loadgen {

enum class Urgency {
  real_time,    ///< SCHED_RR: runs as soon as it is ready (needs CAP_SYS_NICE or RLIMIT_RTPRIO)
  short_slice,  ///< ordinary scheduling with the shortest slice, so that a wake-up gets an early deadline (Linux 6.12)
  ordinary,
};
std::string_view to_string(Urgency urgency) noexcept;

/// Makes the calling thread as urgent as the system lets it be. A loop sleeps between events, and real-time threads are
/// throttled by the kernel at 95 % of a core, so the system under test keeps its share.
Urgency become_urgent() noexcept;

}  // namespace tidegate::loadgen
