// A disk that is slow or cannot be written any more, and a clock that jumps, for a program that knows nothing of it:
// preloaded (LD_PRELOAD), it stands in front of the C library. The file that TIDEGATE_TEST_ADVERSITY names holds 64-bit
// numbers, which the test changes while the program runs: milliseconds that every sync takes longer, seconds that the
// wall clock is off, and not 0 while the disk is read-only, as one that the kernel has mounted anew after an error.
// Written from here: how many syncs there were, and how many writes the disk refused.

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <cstdlib>

namespace {

struct Adversity {
  std::atomic<std::int64_t> sync_delay_ms, clock_offset_s, syncs, read_only, refused;
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

/// Whether a write to that file is refused; sets errno then.
bool refuses(int file) {
  Adversity* const shared = adversity();
  if (shared == nullptr || shared->read_only == 0) return false;
  struct stat status {};
  if (::fstat(file, &status) != 0 || !S_ISREG(status.st_mode)) return false;
  ++shared->refused;
  errno = EROFS;
  return true;
}

}  // namespace

extern "C" {

ssize_t write(int file, const void* bytes, size_t size) {
  return refuses(file) ? -1 : ::syscall(SYS_write, file, bytes, size);
}

ssize_t pwrite(int file, const void* bytes, size_t size, off_t at) {
  return refuses(file) ? -1 : ::syscall(SYS_pwrite64, file, bytes, size, at);
}

ssize_t pwrite64(int file, const void* bytes, size_t size, off64_t at) {
  return refuses(file) ? -1 : ::syscall(SYS_pwrite64, file, bytes, size, at);
}

int ftruncate(int file, off_t size) noexcept {
  return refuses(file) ? -1 : static_cast<int>(::syscall(SYS_ftruncate, file, size));
}

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
