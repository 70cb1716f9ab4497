#include "base/thread_affinity.hpp"

#include <sched.h>

#include <cerrno>
#include <string>

namespace tidegate {

std::vector<int> usable_processors() {
  std::vector<int> usable;
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  if (::sched_getaffinity(0, sizeof(allowed), &allowed) != 0) return usable;
  for (int processor = 0; processor < CPU_SETSIZE; ++processor) {
    if (CPU_ISSET(processor, &allowed)) usable.push_back(processor);
  }
  return usable;
}

Result<void> keep_on_processor(int processor) {
  cpu_set_t only;
  CPU_ZERO(&only);
  if (processor >= 0 && processor < CPU_SETSIZE) CPU_SET(processor, &only);  // none: refused as every other wrong one
  if (::sched_setaffinity(0, sizeof(only), &only) == 0) return {};
  return system_error("a thread cannot be kept on processor " + std::to_string(processor), errno);
}

}  // namespace tidegate
