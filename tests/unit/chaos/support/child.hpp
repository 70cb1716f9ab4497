#pragma once
// A child of the test, and the lease of a fault on it.

#include <string>
#include <vector>

#include "base/process.hpp"
#include "chaos/agent_state.hpp"
#include "chaos/process_target.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/chaos/support/proxy_host.hpp"

namespace tidegate::chaos::test {

inline ChildProcess start_child(const std::vector<std::string>& command) {
  ProcessOptions options;
  options.command = command;
  options.output_path = "/dev/null";
  auto child = ChildProcess::start(options);
  REQUIRE(child.ok());
  return *std::move(child);
}

inline LeaseRequest lease_on(const ChildProcess& child, const std::string& kind, const std::string& parameters) {
  LeaseRequest lease;
  lease.id = "f";
  lease.process = "child";
  lease.pid = child.pid();
  lease.started = process_start_ticks(child.pid());
  lease.kind = kind;
  lease.parameters = parse_yaml(parameters);
  lease.needs_heartbeat = false;
  return lease;
}

}  // namespace tidegate::chaos::test
