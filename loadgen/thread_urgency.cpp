#include "loadgen/thread_urgency.hpp"

#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdint>

namespace tidegate::loadgen {
namespace {

constexpr std::uint64_t kShortestSlice = 100'000;  // nanoseconds; what the kernel accepts at the least

// As in linux/sched/types.h, which does not go together with <sched.h>.
struct SchedulingAttributes {
  std::uint32_t size = sizeof(SchedulingAttributes);
  std::uint32_t policy = SCHED_OTHER;
  std::uint64_t flags = 0;
  std::int32_t nice = 0;
  std::uint32_t priority = 0;
  std::uint64_t runtime = kShortestSlice;
  std::uint64_t deadline = 0;
  std::uint64_t period = 0;
};

}  // namespace

std::string_view to_string(Urgency urgency) noexcept {
  switch (urgency) {
    case Urgency::real_time:
      return "real_time";
    case Urgency::short_slice:
      return "short_slice";
    case Urgency::ordinary:
      return "ordinary";
  }
  return "";
}

Urgency become_urgent() noexcept {
  sched_param lowest_real_time{};
  lowest_real_time.sched_priority = 1;
  if (::sched_setscheduler(0, SCHED_RR | SCHED_RESET_ON_FORK, &lowest_real_time) == 0) return Urgency::real_time;
  SchedulingAttributes attributes;
  if (::syscall(SYS_sched_setattr, 0, &attributes, 0) == 0) return Urgency::short_slice;
  return Urgency::ordinary;
}

}  // namespace tidegate::loadgen
