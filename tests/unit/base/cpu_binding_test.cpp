#include "base/cpu_binding.hpp"

#include <sched.h>
#include <unistd.h>

#include <future>
#include <thread>
#include <vector>

#include "tests/support/catch.hpp"

namespace tidegate {
namespace {

std::vector<int> cpus_of(pid_t thread) {
  cpu_set_t set;
  CPU_ZERO(&set);
  REQUIRE(sched_getaffinity(thread, sizeof set, &set) == 0);
  std::vector<int> cpus;
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (CPU_ISSET(cpu, &set)) cpus.push_back(cpu);
  }
  return cpus;
}

TEST_CASE("a thread is bound to one of the CPUs that may be used, counted around") {
  const std::vector<int> usable = cpus_of(0);
  const auto count = static_cast<int>(usable.size());
  for (const int number : {0, count - 1, count, 2 * count + 1}) {
    std::promise<pid_t> id;
    std::promise<void> end;
    std::thread other([&] {
      id.set_value(gettid());
      end.get_future().wait();
    });
    const pid_t thread = id.get_future().get();
    const auto bound = bind_to_cpu(thread, number);
    const std::vector<int> now = cpus_of(thread);
    end.set_value();
    other.join();
    CHECK(bound.ok());
    CHECK(now == std::vector<int>{usable[static_cast<std::size_t>(number % count)]});
  }
  CHECK(cpus_of(0) == usable);  // the caller's own are left alone
}

TEST_CASE("a thread that binds itself starts from what it may use by then") {
  const std::vector<int> usable = cpus_of(0);
  std::vector<int> after;
  std::thread([&] {
    if (!bind_to_cpu(0, 0).ok() || !bind_to_cpu(0, 1).ok()) return;
    after = cpus_of(0);
  }).join();
  CHECK(after == std::vector<int>{usable.front()});
}

TEST_CASE("a thread that is gone is not bound") {
  std::promise<pid_t> id;
  std::thread([&] { id.set_value(gettid()); }).join();
  const auto bound = bind_to_cpu(id.get_future().get(), 0);
  REQUIRE_FALSE(bound.ok());
  CHECK(bound.error().message.find("bind a thread to a CPU") != std::string::npos);
}

}  // namespace
}  // namespace tidegate
