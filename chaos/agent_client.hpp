#pragma once
// The harness's side of the agent: starts the process, keeps its leases alive, and ends it.

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "chaos/agent_protocol.hpp"
#include "chaos/control.hpp"

namespace tidegate::chaos {

/// What link faults need of an agent, so that the timeline can be tested without one.
class LinkControl {
 public:
  virtual ~LinkControl() = default;
  virtual Result<FaultReport> inject(const LeaseRequest& request) = 0;
  virtual Result<FaultReport> heal(const std::string& fault) = 0;
  /// At most half a second old; cheap.
  virtual Result<FaultReport> report(const std::string& fault) = 0;
  /// The messages that it touched, from that place on; asks the agent.
  virtual Result<TouchPage> touched(const std::string& fault, std::uint64_t from) {
    (void)fault;
    return TouchPage{{}, from, 0};
  }
};

struct AgentStart {
  std::string program;                 ///< /proc/self/exe
  std::vector<std::string> arguments;  ///< {"chaos", "agent"}; the agent's own options are added
  std::string ready_file;              ///< where the agent writes its address and token
  std::string log_path;                ///< the agent's output is appended here
  Nanoseconds ready_within = std::chrono::seconds(10);
  std::uint64_t fault_limit = 0;  ///< faults at once; zero: any number
  /// Called once, on the heartbeat's thread, when no agent answers any more while faults may be on; not after stop().
  std::function<void(const std::string& message)> on_lost;
  /// The agent was killed and its watchdog has taken its place: every fault was healed, the links live on.
  std::function<void(const std::string& message)> on_replaced;
};

/// Thread-safe. The agent, or whoever took its place, ends when this object does, or when this process does, whichever
/// way.
class AgentClient final : public LinkControl {
 public:
  /// Start it from a thread that outlives the agent. The error names the log.
  static Result<std::unique_ptr<AgentClient>> start(AgentStart start);
  ~AgentClient() override;
  AgentClient(const AgentClient&) = delete;
  AgentClient& operator=(const AgentClient&) = delete;

  /// The address that the link's client shall use: hand it to SupervisorOptions::link_addresses.
  Result<std::string> open_link(const LinkRequest& request);
  /// Once the real address is known, and again after it changed.
  Result<void> set_upstream(const std::string& link, const std::string& address);

  Result<FaultReport> inject(const LeaseRequest& request) override;
  Result<FaultReport> heal(const std::string& fault) override;
  Result<FaultReport> report(const std::string& fault) override;
  Result<TouchPage> touched(const std::string& fault, std::uint64_t from) override;
  Result<void> heal_all();

  const AgentEndpoint& endpoint() const;
  /// Why it was lost; nothing while it answers.
  std::optional<std::string> lost() const;
  /// CPU time that the process used so far that answers now; nothing when it is gone.
  std::optional<Nanoseconds> cpu_time() const;
  /// Heals all and ends the agent (SIGTERM, SIGKILL after 2 s). Idempotent.
  void stop();

 private:
  struct State;
  explicit AgentClient(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace tidegate::chaos
