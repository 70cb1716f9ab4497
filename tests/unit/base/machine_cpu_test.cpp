#include "base/machine_cpu.hpp"

#include <unistd.h>

#include "base/time.hpp"
#include "tests/support/catch.hpp"

using namespace tidegate;

TEST_CASE("the machine's line of /proc/stat, as proc(5) has it") {
  const auto cpu = parse_machine_cpu("cpu  100 200 300 4000 50 6 7 80 90 91\ncpu0 1 2 3 4 5 6 7 8 9 10\n", 100);
  REQUIRE(cpu);
  CHECK(cpu->busy_s == Approx(6.13));  // user, nice, system, interrupts; a guest's time is the user's already
  CHECK(cpu->stolen_s == Approx(0.8));
  CHECK(cpu->total_s == Approx(6.13 + 0.8 + 40.5));
  CHECK(parse_machine_cpu("cpu 1 2 3 4 5 6 7 8", 100));  // before guests were counted
}

TEST_CASE("what is no such line says nothing") {
  const char* text = GENERATE("", "cpu", "cpu  ", "cpu0 1 2 3 4 5 6 7 8", "cpu  1 2 3 4 5 6 7", "cpu  1 2 3 4 5 6 7 x",
                              "cpu  -1 2 3 4 5 6 7 8", "intr 1 2 3 4 5 6 7 8");
  CHECK_FALSE(parse_machine_cpu(text, 100));
  CHECK_FALSE(parse_machine_cpu("cpu  1 2 3 4 5 6 7 8", 0));
}

TEST_CASE("a thread that works makes the machine busy") {
  const auto before = machine_cpu();
  REQUIRE(before);
  const Nanoseconds thread_before = thread_cpu_time();
  while (thread_cpu_time() - thread_before < std::chrono::milliseconds(200)) {
  }
  const auto after = machine_cpu();
  REQUIRE(after);
  CHECK(after->busy_s - before->busy_s > 0.1);  // counted in ticks, core by core
  CHECK(after->total_s > before->total_s);
}
