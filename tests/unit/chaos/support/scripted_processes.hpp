#pragma once
// A ProcessControl that does nothing but remember what it was asked.

#include <string>
#include <vector>

#include "chaos/running_fault.hpp"

namespace tidegate::chaos::test {

struct ScriptedProcesses final : ProcessControl {
  std::vector<std::string> calls;
  bool kill_fails = false, restart_fails = false;
  bool ready_after_restart = false;  ///< the restarted process is ready at once
  std::optional<Nanoseconds> ready;

  Result<void> kill(const std::string& process, int signal_number) override {
    calls.push_back("kill " + process + " " + std::to_string(signal_number));
    if (kill_fails) return machine_error("process '" + process + "' is not running");
    return {};
  }
  Result<void> restart(const std::string& process) override {
    calls.push_back("restart " + process);
    if (restart_fails) return machine_error("no such program");
    if (ready_after_restart) ready = monotonic_now();
    return {};
  }
  Result<Identity> identity(const std::string& process) const override {
    if (kill_fails) return machine_error("process '" + process + "' is not running");
    return Identity{4711, 12};
  }
  std::optional<Nanoseconds> ready_since(const std::string&) const override { return ready; }
};

}  // namespace tidegate::chaos::test
