#include "base/time.hpp"

#include "tests/support/catch.hpp"

namespace tidegate {

using namespace std::chrono_literals;

TEST_CASE("the machine's clocks advance and tell wall time from running time") {
  const Nanoseconds before = monotonic_now();
  CHECK(monotonic_now() >= before);
  CHECK(unix_now() > Nanoseconds(1'600'000'000'000'000'000));  // after 2020, so an epoch of 1970 and nanoseconds
  CHECK(system_clock().now() >= before);
  CHECK(&system_clock() == &system_clock());
}

TEST_CASE("CPU time grows with work") {
  const Nanoseconds thread_before = thread_cpu_time(), process_before = process_cpu_time();
  const auto by_thread = [&] { return thread_cpu_time() - thread_before; };
  const auto by_process = [&] { return process_cpu_time() - process_before; };
  const Nanoseconds deadline = monotonic_now() + 20s;
  while ((by_thread() < 1ms || by_process() < 1ms) && monotonic_now() < deadline) {
  }
  CHECK(by_thread() >= 1ms);
  CHECK(by_process() >= 1ms);
}

TEST_CASE("a simulated clock moves only when told") {
  SimulatedClock clock(5s);
  CHECK(clock.now() == 5s);
  clock.advance(250ms);
  CHECK(clock.now() == 5250ms);
  CHECK(clock.unix_time() == 5250ms);
  clock.set(-1s);
  CHECK(clock.now() == -1s);
}

TEST_CASE("a run clock translates both ways") {
  const RunClock clock(100s, 1000s);
  CHECK(clock.from_monotonic(107s) == 7s);
  CHECK(clock.to_monotonic(-3s) == 97s);
  CHECK(clock.from_unix(1007s) == 7s);
  CHECK(clock.to_unix(7s) == 1007s);
}

TEST_CASE("a run clock that starts later is below zero until then") {
  const RunClock clock = RunClock::starting_in(1h);
  CHECK(clock.now() < 0s);
  CHECK(clock.now() > -2h);
  CHECK(clock.to_unix(0s) > unix_now());
}

TEST_CASE("seconds round down on both sides of zero") {
  CHECK(second_of(0ns) == 0);
  CHECK(second_of(999'999'999ns) == 0);
  CHECK(second_of(1s) == 1);
  CHECK(second_of(-1ns) == -1);
  CHECK(second_of(-1s) == -1);
  CHECK(second_of(-1'000'000'001ns) == -2);
  CHECK(to_seconds(1500ms) == 1.5);
  CHECK(from_seconds(0.25) == 250ms);
}

}  // namespace tidegate
