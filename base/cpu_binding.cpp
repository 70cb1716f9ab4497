#include "base/cpu_binding.hpp"

#include <sched.h>

#include <cerrno>
#include <cstring>

#include "base/assert.hpp"

namespace tidegate {
namespace {

Result<void> failed(const char* what) {
  return machine_error(std::string(what) + ": " + std::strerror(errno));
}

}  // namespace

Result<void> bind_to_cpu(pid_t thread, int number) {
  TIDEGATE_ASSERT(number >= 0);
  cpu_set_t usable;
  if (sched_getaffinity(0, sizeof usable, &usable) != 0) return failed("the CPUs that may be used");
  int left = number % CPU_COUNT(&usable);
  int cpu = 0;
  while (!CPU_ISSET(cpu, &usable) || left-- > 0) ++cpu;
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(cpu, &one);
  if (sched_setaffinity(thread, sizeof one, &one) != 0) return failed("bind a thread to a CPU");
  return {};
}

}  // namespace tidegate
