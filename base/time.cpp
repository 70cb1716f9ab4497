#include "base/time.hpp"

#include <ctime>

namespace tidegate {
namespace {

Nanoseconds read_clock(clockid_t id) noexcept {
  timespec t{};
  ::clock_gettime(id, &t);  // cannot fail for the clocks used here
  return std::chrono::seconds(t.tv_sec) + Nanoseconds(t.tv_nsec);
}

}  // namespace

Nanoseconds monotonic_now() noexcept {
  return read_clock(CLOCK_MONOTONIC);
}
Nanoseconds process_cpu_time() noexcept {
  return read_clock(CLOCK_PROCESS_CPUTIME_ID);
}
Nanoseconds thread_cpu_time() noexcept {
  return read_clock(CLOCK_THREAD_CPUTIME_ID);
}
Nanoseconds unix_now() noexcept {
  return read_clock(CLOCK_REALTIME);
}

Nanoseconds SystemClock::now() const noexcept {
  return monotonic_now();
}
Nanoseconds SystemClock::unix_time() const noexcept {
  return unix_now();
}

const SystemClock& system_clock() noexcept {
  static const SystemClock clock;
  return clock;
}

RunClock RunClock::starting_in(Nanoseconds in) noexcept {
  return {monotonic_now() + in, unix_now() + in};
}

}  // namespace tidegate
