#include "platform/service/priority.hpp"

#include <sys/resource.h>

#include <cstdio>
#include <memory>

namespace tidegate::platform {
namespace {

// A fifth of the weight of a process that answers clients: enough that a full platform does not keep its gateway
// waiting, and not so little that two busy programs beside it starve the workers at the smoke's rates.
constexpr int kNice = 7;

struct CloseFile {
  void operator()(std::FILE* file) const noexcept { std::fclose(file); }
};

}  // namespace

// Raising one's own nice value is everybody's right; where it fails all the same, all are equal, as without it.
void stand_back() {
  ::setpriority(PRIO_PROCESS, 0, kNice);
  if (const std::unique_ptr<std::FILE, CloseFile> group{std::fopen("/proc/self/autogroup", "we")}) {
    std::fprintf(group.get(), "%d", kNice);
  }
}

void stand_back_in_process() {
  ::setpriority(PRIO_PROCESS, 0, kNice);  // on Linux, of the calling thread
}

}  // namespace tidegate::platform
