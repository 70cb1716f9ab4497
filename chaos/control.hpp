#pragma once
// Talking to an agent from any process: the harness, or `tidegate chaos status` in another terminal. Blocking.

#include <string>
#include <vector>

#include "base/http/client.hpp"
#include "base/json.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "chaos/agent_protocol.hpp"

namespace tidegate::chaos {

/// Where an agent listens, and what lets one in.
struct AgentEndpoint {
  std::string address;  ///< host:port
  std::string token;
  int pid = 0;
};
/// The file that an agent writes when it is ready, and removes when it ends.
Result<AgentEndpoint> read_agent_file(const std::string& path);
/// Readable by its owner only, since it holds the token. Readers see all of it or nothing.
Result<void> write_agent_file(const std::string& path, const AgentEndpoint& endpoint);

/// The agents of this user on this machine that run now: each keeps a file of its own in a directory that only its
/// owner can read, so that `tidegate chaos status` in another terminal finds them.
std::vector<AgentEndpoint> registered_agents();
Result<void> register_agent(const AgentEndpoint& endpoint);
void unregister_agent(int pid);

/// Thread-safe: holds no connection. Errors carry the agent's own words; Kind::closed and Kind::timeout mean that no
/// answer came.
class AgentControl {
 public:
  explicit AgentControl(AgentEndpoint endpoint, Nanoseconds timeout = std::chrono::seconds(1));
  const AgentEndpoint& endpoint() const { return endpoint_; }

  Result<LinkReport> open_link(const LinkRequest& request) const;
  /// With its faults and connections.
  Result<AgentStatus> close_link(const std::string& name) const;
  Result<LinkReport> set_upstream(const std::string& link, const std::string& address) const;
  Result<FaultReport> inject(const LeaseRequest& request) const;
  Result<FaultReport> report(const std::string& fault) const;
  Result<TouchPage> touched(const std::string& fault, std::uint64_t from) const;
  Result<FaultReport> heal(const std::string& fault) const;
  Result<AgentStatus> heal_all() const;
  /// Renews every lease that needs it.
  Result<AgentStatus> heartbeat() const;
  Result<AgentStatus> status() const;

 private:
  Result<json::value> call(std::string method, std::string target, std::string body = {}) const;

  AgentEndpoint endpoint_;
  Nanoseconds timeout_;
};

}  // namespace tidegate::chaos
