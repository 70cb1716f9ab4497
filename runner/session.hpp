#pragma once
// The system under test for the length of a run: the fault agent with its proxies, the supervised processes, the
// addresses that the harness uses. Or an external system, of which only the addresses are known.

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "audit/audit.hpp"
#include "base/result.hpp"
#include "chaos/agent_client.hpp"
#include "chaos/timeline.hpp"
#include "record/events.hpp"
#include "record/run.hpp"
#include "runner/scenario.hpp"
#include "stack/supervisor.hpp"

namespace tidegate::runner {

class Session {
 public:
  Session(const Scenario& scenario, const record::RunDirectory& directory, record::EventWriter& events);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  /// The clock of the events; set once the start of load is known. Before that, events carry negative times.
  void set_clock(RunClock clock) { clock_ = clock; }

  /// Agent first (its listeners stand before any client starts), then the processes, until all are ready.
  Result<void> start(const std::function<bool()>& interrupted);

  std::string base_url() const;
  std::string kafka_bootstrap() const;
  /// ${stack.NAME} for the scenario: the topology's secrets.
  std::map<std::string, std::string> variables() const;
  audit::System audit_system() const;

  stack::Supervisor* supervisor() { return supervisor_.get(); }
  chaos::AgentClient* agent() { return agent_.get(); }
  chaos::ProcessControl& process_control() { return *control_; }

  /// Stops processes, then the agent. Idempotent.
  void stop();

 private:
  class Control;
  Result<void> start_agent();
  void emit(std::string_view type, json::object fields);

  const Scenario& scenario_;
  const record::RunDirectory& directory_;
  record::EventWriter& events_;
  RunClock clock_;
  std::map<std::string, std::string> link_addresses_;
  std::map<std::string, std::string> upstream_links_;  // endpoint to link name
  std::unique_ptr<chaos::AgentClient> agent_;
  std::unique_ptr<stack::Supervisor> supervisor_;
  std::unique_ptr<chaos::ProcessControl> control_;
};

}  // namespace tidegate::runner
