#include "base/memory_reserve.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <new>

namespace tidegate {
namespace {

constexpr int kHarnessError = 97;

std::atomic<void*> reserve{nullptr};
std::size_t reserve_bytes = 0;
std::atomic<bool> used{false};

/// Runs where nothing may be allocated. Several threads may come here at once: one gives back, the others try again.
void on_failed_allocation() {
  void* const kept = reserve.exchange(nullptr);
  if (kept != nullptr) {
    ::munmap(kept, reserve_bytes);
    used.store(true);
    return;
  }
  static constexpr char kMessage[] =
      "tidegate: out of memory, and the reserve is used up; what was recorded is in the run directory (tidegate "
      "report)\n";
  [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, kMessage, sizeof kMessage - 1);
  ::_exit(kHarnessError);
}

}  // namespace

void set_memory_aside(std::size_t bytes) {
  void* const mapped = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapped != MAP_FAILED) {  // else there is so little that the first failure is the last
    reserve_bytes = bytes;
    reserve.store(mapped);
  }
  std::set_new_handler(on_failed_allocation);
}

bool memory_reserve_used() noexcept {
  return used.load(std::memory_order_relaxed);
}

}  // namespace tidegate
