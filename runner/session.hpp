#pragma once
// The system under test for the length of a run: the fault agent with its proxies, the supervised processes, the
// addresses that the harness uses. Or an external system, of which only the addresses are known.

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "audit/fetch.hpp"
#include "audit/webhook_sink.hpp"
#include "base/result.hpp"
#include "chaos/agent_client.hpp"
#include "chaos/timeline.hpp"
#include "runner/recording.hpp"
#include "runner/scenario.hpp"
#include "runner/stack_control.hpp"
#include "stack/supervisor.hpp"

namespace tidegate::runner {

class Session {
 public:
  Session(const Scenario& scenario, Recording& recording);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  /// Agent first (its listeners stand before any client starts), then the processes, until all are ready.
  Result<void> start(const std::function<bool()>& interrupted);

  /// The address of an endpoint of the stack, `gateway.http`.
  Result<std::string> address(const std::string& endpoint) const;
  std::string base_url() const;
  std::string kafka_bootstrap() const;
  /// ${stack.NAME} for the scenario: the topology's secrets.
  std::map<std::string, std::string> variables() const;
  audit::System audit_system() const;
  /// The webhook sink when the scenario asks for one, else null.
  audit::WebhookSink* webhook_sink() { return sink_.get(); }

  /// CPU time used so far by each process of the stack, and by the agent, "chaos-agent".
  std::map<std::string, Nanoseconds> cpu_times() const;

  stack::Supervisor* supervisor() { return supervisor_.get(); }
  /// The agent when a fault needs one, else null.
  chaos::AgentClient* agent() { return agent_.get(); }
  /// What faults may do to the stack; null for an external system.
  StackControl* control() { return control_.get(); }

  /// Stops processes, then the agent. Idempotent.
  void stop();

 private:
  Result<void> start_agent(const std::set<std::string>& links);
  Result<void> start_sink();
  void add_topology_exports(audit::System& system) const;
  void told_address(const std::string& endpoint, const std::string& address);

  const Scenario& scenario_;
  Recording& recording_;
  std::map<std::string, std::string> link_addresses_;
  std::multimap<std::string, std::string> proxied_;  // endpoint to the links that stand before it
  std::unique_ptr<chaos::AgentClient> agent_;
  std::unique_ptr<stack::Supervisor> supervisor_;
  std::unique_ptr<StackControl> control_;
  std::unique_ptr<audit::WebhookSink> sink_;
  std::string webhook_url_;  // the sink's, or the fault proxy's before it
};

}  // namespace tidegate::runner
