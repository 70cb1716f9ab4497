#pragma once
// The agent without its API: links, leases and the rules by which they end.
//
// A lease ends by whichever comes first: its client heals it; `duration + grace` is over; its client's heartbeat has
// been missing for kHeartbeatLimit; the agent stops.

#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/asio.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "chaos/agent_protocol.hpp"
#include "chaos/proxy/link.hpp"

namespace tidegate::chaos {

/// Not thread-safe: all calls on the executor's thread. Stamps and limits are on `clock`; delays of bytes are on the
/// machine's.
class AgentState {
 public:
  static constexpr Nanoseconds kHeartbeatLimit = std::chrono::milliseconds(1500);
  static constexpr std::size_t kRemembered = 256;  ///< healed leases in the status

  AgentState(asio::any_io_executor executor, const Clock& clock);

  /// The address to which clients of the link connect.
  Result<LinkReport> open_link(const std::string& name);
  Result<LinkReport> set_upstream(const std::string& name, const std::string& address);
  bool has_link(const std::string& name) const { return links_.contains(name); }

  Result<FaultReport> inject(LeaseRequest request);
  bool has_fault(const std::string& id) const;
  /// The newest lease of that id, healed or not. The caller knows that there is one.
  FaultReport report(const std::string& id) const;
  /// Healing what is healed already changes nothing.
  FaultReport heal(const std::string& id, const std::string& why);
  void heal_all(const std::string& why);

  void heartbeat();
  /// Ends what has come to its end; call it at least every 100 ms.
  void check();
  AgentStatus status() const;
  /// Heals all and closes every link.
  void stop();

 private:
  struct Lease {
    LeaseRequest request;
    std::shared_ptr<ActiveFault> fault;
    Nanoseconds injected{0}, healed{0};
    std::string healed_by;  ///< empty while active
    std::int32_t second = 0;
    std::uint64_t hits_before_second = 0, hits_last_second = 0;
    bool active() const { return healed_by.empty(); }
  };

  Lease* find(const std::string& id);
  const Lease* find(const std::string& id) const;
  void end(Lease& lease, const std::string& why);
  void count_second(Lease& lease, Nanoseconds now);
  FaultReport report_of(const Lease& lease) const;
  LinkReport report_of(const Link& link) const;

  const Clock& clock_;
  ProxyContext context_;
  std::map<std::string, std::unique_ptr<Link>> links_;
  std::deque<Lease> leases_;  ///< in the order of injection
  Nanoseconds last_heartbeat_{0};
};

}  // namespace tidegate::chaos
