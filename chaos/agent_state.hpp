#pragma once
// The agent without its API: links, leases and the rules by which they end.
//
// A lease ends by whichever comes first: its client heals it; `duration + grace` is over; its client's heartbeat has
// been missing for kHeartbeatLimit; its process is gone; the agent stops.

#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/asio.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "chaos/agent_protocol.hpp"
#include "chaos/fault.hpp"
#include "chaos/journal.hpp"
#include "chaos/proxy/link.hpp"

namespace tidegate::chaos {

/// Not thread-safe: all calls on the executor's thread. Stamps and limits are on `clock`; delays of bytes are on the
/// machine's.
class AgentState {
 public:
  static constexpr Nanoseconds kHeartbeatLimit = std::chrono::milliseconds(1500);
  static constexpr std::size_t kRemembered = 256;  ///< healed leases in the status
  static constexpr std::size_t kTouchesPerPage = 5'000;

  /// `journal` may be null and outlives this.
  AgentState(asio::any_io_executor executor, const Clock& clock, Journal* journal = nullptr);
  ~AgentState();

  /// The address to which clients of the link connect is in the answer.
  Result<LinkReport> open_link(const LinkRequest& request);
  Result<LinkReport> set_upstream(const std::string& name, const std::string& address);
  /// Off: connects are refused, open connections are closed, the port stays ours.
  Result<LinkReport> set_enabled(const std::string& name, bool enabled);
  /// With its faults.
  void close_link(const std::string& name);
  bool has_link(const std::string& name) const { return links_.contains(name); }
  /// The caller knows that there is one.
  LinkReport link_report(const std::string& name) const;
  /// Goes on where another agent was killed: its links with no fault on, its faults as healed.
  Result<void> take_over(Inheritance inheritance, const std::string& why);

  /// More faults at once than this are refused; zero: any number.
  void limit_faults(std::uint64_t most) { limit_ = most; }
  Result<FaultReport> inject(LeaseRequest request);
  bool has_fault(const std::string& id) const;
  /// The newest lease of that id, healed or not. The caller knows that there is one.
  FaultReport report(const std::string& id) const;
  /// What its fault touched from that place on. The caller knows that there is one.
  TouchPage touched(const std::string& id, std::uint64_t from) const;
  /// Healing what is healed already changes nothing.
  FaultReport heal(const std::string& id, const std::string& why);
  void heal_all(const std::string& why);

  void heartbeat();
  /// Ends what has come to its end; call it at least every 100 ms.
  void check();
  AgentStatus status() const;
  /// Heals all and closes every link; for good.
  void stop();

 private:
  struct Lease {
    LeaseRequest request;
    std::shared_ptr<ActiveFault> fault;  ///< on a link
    std::shared_ptr<HeldFault> held;     ///< on a process
    std::unique_ptr<ProcessTarget> target;
    Nanoseconds injected{0}, healed{0};
    std::string healed_by;  ///< empty while active
    std::int32_t second = 0;
    std::uint64_t hits_before_second = 0, hits_last_second = 0;
    std::uint64_t inherited_hits = 0;
    bool active() const { return healed_by.empty(); }
    std::uint64_t hits() const { return fault ? fault->hits : held ? held->hits() : inherited_hits; }
  };

  Result<void> refusal(const LeaseRequest& request) const;
  Result<void> put_on_link(Lease& lease, const FaultKind& kind);
  Result<void> put_on_process(Lease& lease, const FaultKind& kind);
  Lease& remember(Lease lease);
  void tick_later(std::weak_ptr<HeldFault> fault);
  Lease* find(const std::string& id);
  const Lease* find(const std::string& id) const;
  void end(Lease& lease, const std::string& why);
  void count_second(Lease& lease, Nanoseconds now);
  FaultReport report_of(const Lease& lease) const;
  LinkReport report_of(const Link& link) const;
  void tell_link(const Link& link);

  const Clock& clock_;
  Journal* journal_;
  ProxyContext context_;
  std::map<std::string, std::unique_ptr<Link>> links_;
  std::deque<Lease> leases_;  ///< in the order of injection
  Nanoseconds last_heartbeat_{0};
  std::uint64_t limit_ = 0;
};

}  // namespace tidegate::chaos
