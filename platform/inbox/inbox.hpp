#pragma once
// The consumer's side of exactly-once: per stream the last number applied is kept in the transaction of the effect. A
// repeat is skipped, a jump is a gap: the partition waits while the gap is filled from the producer's outbox; when idle
// the head is asked for every second, so that a lost tail is noticed too. What is late counts as lost only when its
// stream has been quiet for longer than events are late at the moment, and the bus has no more: a group that fetched
// late events from the outbox beside the bus kept a machine that was full so.

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"
#include "platform/bus/event_bus.hpp"
#include "platform/events/envelope.hpp"
#include "platform/service/metrics.hpp"
#include "platform/service/options.hpp"
#include "platform/store/store.hpp"

namespace tidegate::platform {

/// The inbox's tables (migration numbers 10 to 19 are reserved for it).
std::span<const Migration> inbox_migrations();

struct InboxOptions {
  std::string group;          ///< the consumer group: "ledger"
  std::string topic;          ///< "payments"
  std::string producer_peer;  ///< the peer endpoint whose /internal/outbox fills gaps: "gateway.http"
  /// Asked when that peer is not known: the process in which several roles run together.
  std::string shared_peer = "worker.http";
  std::string producer;  ///< the producer database's id: "gateway-0"
  int workers = 1;
  int worker_index = 0;
  /// Events taken and applied at once, at most: a group that is behind writes the fewer pages, and waits less often.
  std::size_t together = kRecordsAtOnce;
  Nanoseconds idle_check = std::chrono::seconds(1);          ///< a quiet stream's head is asked for at most this often
  Nanoseconds longest_late = std::chrono::seconds(4);        ///< an event that is older counts as late by so much
  Nanoseconds retry_after = std::chrono::milliseconds(100);  ///< after a failed effect, fill or (re)connection
  /// Asked before records are taken, on the inbox's thread: what comes of former events has filled its queue. While so,
  /// records stay in the bus, and the group's lag shows the wait. Empty: never.
  std::function<bool()> busy = {};
  /// The types of events whose data the effect reads; others come with or without it. Empty: all.
  std::vector<std::string_view> types = {};
};

/// What a consumer has applied, as its exports show it.
struct AppliedStream {
  std::string stream;
  std::int64_t sequence = 0;
};
Result<std::vector<AppliedStream>> read_applied(Connection& reader);

/// The effect of one event, run inside the consumer's transaction on the writer thread. An error fails the unit; the
/// event is tried again.
using Apply = std::function<Result<void>(Connection&, const Envelope&)>;
/// Called after the commit that applied the event, on the writer thread.
using Applied = std::function<void(const Envelope&)>;

/// A thread that consumes, orders, de-duplicates and applies in batches, and commits offsets after each batch (at least
/// every 100 ms). Rebuilds its consumer when the broker's generation changes or the consumer fails.
class Inbox {
 public:
  /// All references must outlive the inbox.
  Inbox(Store& store, PeerDirectory& peers, EventBus& bus, InboxOptions options, Apply apply, Applied applied = {});
  ~Inbox();
  /// Reads the last numbers applied and starts the thread; waits neither for the bus nor for the producer.
  Result<void> start();
  /// A consumer is connected: what readiness means for it. Thread-safe.
  bool connected() const;
  /// Ends after the batch in progress, commits offsets.
  /// Tells it to end; stop() then waits. With several inboxes: tell all, then wait for each.
  void request_stop();
  void stop();

  /// When everything that the bus had was applied, for the last time (Unix ms; 0: never): what a copy's staleness is
  /// counted from. It stands still while events come later than idle_check. A tail that the bus lost is noticed 1 to 2
  /// s later, or 2 to 4 s when events come almost so late. Thread-safe.
  std::int64_t caught_up_at_ms() const;

  struct Statistics {
    std::uint64_t applied = 0;   ///< events whose effect committed
    std::uint64_t repeats = 0;   ///< skipped: applied before
    std::uint64_t gaps = 0;      ///< jumps and lost tails noticed
    std::uint64_t refilled = 0;  ///< events that came from the producer's outbox
    std::uint64_t refused = 0;   ///< records that were no event of this producer
    std::uint64_t failures = 0;  ///< effects that failed and were tried again
  };
  /// Thread-safe.
  Statistics statistics() const;
  /// inbox_applied_total and its siblings, labelled with group and topic. The inbox must outlive the registry's use.
  void export_to(Metrics& metrics) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace tidegate::platform
