#include "chaos/faults/kill.hpp"

#include "tests/support/catch.hpp"
#include "tests/unit/chaos/support/scripted_processes.hpp"

using namespace tidegate;
using namespace tidegate::chaos;
using std::chrono::milliseconds;
using std::chrono::seconds;
using test::ScriptedProcesses;

TEST_CASE("kill: hits the process, restarts it after the delay, and heals when it is ready") {
  SimulatedClock clock(seconds(100));
  ScriptedProcesses processes;
  KillFault fault({seconds(2), SIGKILL, seconds(30)}, "ledger", processes, clock);
  CHECK(fault.hits() == 0);
  REQUIRE(fault.inject().ok());
  CHECK(fault.hits() == 1);
  CHECK(processes.calls == std::vector<std::string>{"kill ledger 9"});

  clock.advance(milliseconds(1999));
  CHECK(*fault.poll() == false);
  CHECK(processes.calls.size() == 1);
  clock.advance(milliseconds(1));
  CHECK(*fault.poll() == false);
  CHECK(processes.calls.back() == "restart ledger");

  processes.ready = seconds(50);  // the killed instance, whose end nobody has noticed yet
  CHECK(*fault.poll() == false);
  processes.ready = std::nullopt;
  CHECK(*fault.poll() == false);
  clock.advance(seconds(1));
  processes.ready = clock.now();
  CHECK(*fault.poll() == true);
  CHECK(processes.calls.size() == 2);
}

TEST_CASE("kill: a process that was not running is no hit") {
  SimulatedClock clock;
  ScriptedProcesses processes;
  processes.kill_fails = true;
  KillFault fault({}, "ledger", processes, clock);
  CHECK_FALSE(fault.inject().ok());
  CHECK(fault.hits() == 0);
  CHECK(fault.heal().ok());
  CHECK(processes.calls.size() == 1);  // and is not started by the heal
}

TEST_CASE("kill: a restart that fails, or is never ready, is told") {
  SimulatedClock clock;
  ScriptedProcesses processes;
  KillFault fault({seconds(1), SIGTERM, seconds(5)}, "ledger", processes, clock);
  REQUIRE(fault.inject().ok());
  CHECK(processes.calls.back() == "kill ledger 15");
  clock.advance(seconds(1));
  SECTION("the restart fails") {
    processes.restart_fails = true;
    const auto result = fault.poll();
    REQUIRE_FALSE(result.ok());
    CHECK(result.error().message.find("no such program") != std::string::npos);
  }
  SECTION("it is never ready") {
    REQUIRE(fault.poll().ok());
    clock.advance(seconds(5));
    CHECK(fault.poll().ok());
    clock.advance(milliseconds(1));
    const auto result = fault.poll();
    REQUIRE_FALSE(result.ok());
    CHECK(result.error().message.find("not ready within 5 s") != std::string::npos);
  }
}

TEST_CASE("kill: healed early, it restarts at once and once") {
  SimulatedClock clock;
  ScriptedProcesses processes;
  KillFault fault({seconds(60), SIGKILL, seconds(30)}, "ledger", processes, clock);
  REQUIRE(fault.inject().ok());
  REQUIRE(fault.heal().ok());
  CHECK(processes.calls == std::vector<std::string>{"kill ledger 9", "restart ledger"});
}

TEST_CASE("kill: never restarted stays as it is") {
  SimulatedClock clock;
  ScriptedProcesses processes;
  KillFault fault({std::nullopt, SIGKILL, seconds(30)}, "ledger", processes, clock);
  REQUIRE(fault.inject().ok());
  clock.advance(std::chrono::hours(1));
  CHECK(*fault.poll() == false);
  CHECK(fault.heal().ok());
  CHECK(processes.calls.size() == 1);
}
