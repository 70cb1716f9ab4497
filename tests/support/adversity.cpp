// A disk that is slow and a clock that jumps, for a program that knows nothing of it: preloaded (LD_PRELOAD), it stands
// in front of the C library. The file that TIDEGATE_TEST_ADVERSITY names holds three 64-bit numbers, which the test
// changes while the program runs: milliseconds that every sync takes longer, seconds that the wall clock is off, and,
// written from here, how many syncs there were.

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <cstdlib>

namespace {

struct Adversity {
  std::atomic<std::int64_t> sync_delay_ms, clock_offset_s, syncs;
};

Adversity* adversity() {
  static Adversity* const shared = []() -> Adversity* {
    const char* const path = std::getenv("TIDEGATE_TEST_ADVERSITY");
    const int file = path == nullptr ? -1 : ::open(path, O_RDWR | O_CLOEXEC);
    if (file < 0) return nullptr;
    void* const memory = ::mmap(nullptr, sizeof(Adversity), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    ::close(file);
    return memory == MAP_FAILED ? nullptr : static_cast<Adversity*>(memory);
  }();
  return shared;
}

int sync_slowly(long number, int file) {
  if (Adversity* const shared = adversity(); shared != nullptr) {
    ++shared->syncs;
    const std::int64_t delay_ms = shared->sync_delay_ms;
    const timespec delay{delay_ms / 1000, delay_ms % 1000 * 1'000'000};
    ::nanosleep(&delay, nullptr);
  }
  return static_cast<int>(::syscall(number, file));
}

}  // namespace

extern "C" {

int fdatasync(int file) {
  return sync_slowly(SYS_fdatasync, file);
}

int fsync(int file) {
  return sync_slowly(SYS_fsync, file);
}

int clock_gettime(clockid_t clock, timespec* time) noexcept {
  const auto answer = static_cast<int>(::syscall(SYS_clock_gettime, clock, time));
  Adversity* const shared = clock == CLOCK_REALTIME ? adversity() : nullptr;
  if (answer == 0 && shared != nullptr) time->tv_sec += shared->clock_offset_s;
  return answer;
}

}  // extern "C"
