#include "base/memory_reserve.hpp"

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <new>

#include "tests/support/catch.hpp"

namespace tidegate {
namespace {

/// In a child that may take 64 MiB more than it has: how it ends. 0: both allocations were as they should be.
int end_of_child(std::size_t first, std::size_t second) {
  const pid_t child = ::fork();
  if (child == 0) {
    const rlimit tight{256U << 20, 256U << 20};
    ::setrlimit(RLIMIT_AS, &tight);
    set_memory_aside(32U << 20);
    if (memory_reserve_used()) ::_exit(1);
    // Leaves less than `first` wants, until the reserve is given back.
    std::size_t left = 0;
    for (std::size_t step = 16U << 20; step >= (1U << 20); step /= 2) {
      while (void* taken = std::malloc(step)) left += step, static_cast<char*>(taken)[0] = 1;
    }
    static_cast<void>(left);
    void* volatile kept = ::operator new(first);
    if (kept == nullptr || !memory_reserve_used()) ::_exit(2);
    kept = ::operator new(second);  // may end the program
    ::_exit(kept == nullptr ? 3 : 0);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

}  // namespace

TEST_CASE("the first failed allocation takes the reserve, the next one ends the program with a message") {
  CHECK_FALSE(memory_reserve_used());
  CHECK(end_of_child(8U << 20, 1U << 20) == 0);
  CHECK(end_of_child(8U << 20, 512U << 20) == 97);
}

}  // namespace tidegate
