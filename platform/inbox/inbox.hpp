#pragma once
// The consumer's side of exactly-once: per stream the last number applied is kept in the transaction of the effect. A
// repeat is skipped, a jump is a gap: the partition waits while the gap is filled from the producer's outbox; when idle
// the head is asked for every 500 ms, so that a lost tail is noticed too.

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "platform/bus/event_bus.hpp"
#include "platform/events/envelope.hpp"
#include "platform/service/options.hpp"
#include "platform/store/store.hpp"

namespace tidegate::platform {

/// The inbox's tables (migration numbers 10 to 19 are reserved for it).
std::span<const Migration> inbox_migrations();

struct InboxOptions {
  std::string group;          ///< the consumer group: "ledger"
  std::string topic;          ///< "payments"
  std::string producer_peer;  ///< the peer endpoint whose /internal/outbox fills gaps: "gateway.http"
  std::string producer;       ///< the producer database's id: "gateway-0"
  int workers = 1;
  int worker_index = 0;
};

/// The effect of one event, run inside the consumer's transaction on the writer thread. An error fails the unit; the
/// event is tried again.
using Apply = std::function<Result<void>(Connection&, const Envelope&)>;
/// Called after the commit that applied the event, on the writer thread.
using Applied = std::function<void(const Envelope&)>;

/// A thread that consumes, orders, de-duplicates and applies in batches, and commits offsets after each batch (at least
/// every 100 ms). Rebuilds its consumer when the broker's generation changes or the consumer fails.
class Inbox {
 public:
  Inbox(Store& store, PeerDirectory& peers, InboxOptions options, Apply apply, Applied applied = {});
  ~Inbox();
  Result<void> start();
  /// Ends after the batch in progress, commits offsets.
  void stop();

  struct Statistics {
    std::uint64_t applied = 0, repeats = 0, gaps = 0, refilled = 0;
  };
  Statistics statistics() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace tidegate::platform
