#pragma once
// Deletes events that nobody will ask for again: below what every registered consumer that reads their topic has
// applied, below what the relay has published, and older than a while. One consumer that cannot be asked, and nothing
// is deleted.

#include <array>
#include <atomic>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/asio.hpp"
#include "platform/outbox/outbox.hpp"
#include "platform/outbox/positions.hpp"
#include "platform/service/metrics.hpp"
#include "platform/service/options.hpp"
#include "platform/service/peer_clients.hpp"
#include "platform/store/store.hpp"

namespace tidegate::platform {

struct PruneOptions {
  /// The groups of the system, each at the peer GROUP.http; each says itself which topics it reads. None: nothing is
  /// ever deleted.
  std::vector<std::string> consumers;
  std::string token;  ///< the operator's
  Nanoseconds every = std::chrono::seconds(10);
  Nanoseconds keep = std::chrono::hours(1);  ///< events stay this long at least, for exports; up to 10 h
};
/// What a service's command line says.
PruneOptions prune_options(const ServiceOptions& options);

/// Works on the service's loop. Store, outbox, reader and clients outlive it.
class OutboxPruner {
 public:
  OutboxPruner(asio::any_io_executor loop, Store& store, Connection& reader, const Outbox& outbox, PeerClients& clients,
               Metrics& metrics, PruneOptions options);
  void start();
  void stop();
  /// One round. Public for tests.
  asio::awaitable<void> prune(Nanoseconds now);

 private:
  asio::awaitable<void> run();
  /// Per partition, what all consumers have applied. Nothing: one of them did not say.
  asio::awaitable<std::optional<outbox::Cursors>> applied_by_all();
  asio::awaitable<std::optional<outbox::Cursors>> applied_by(std::string group);
  std::optional<outbox::Cursors> heads() const;
  /// The heads of at least `keep` ago.
  std::optional<outbox::Cursors> old_heads(Nanoseconds now);
  asio::awaitable<void> delete_below(outbox::Cursors bounds);
  void count_kept();

  struct Seen {
    Nanoseconds at;
    outbox::Cursors heads;
  };
  const asio::any_io_executor loop_;
  Store& store_;
  Connection& reader_;
  const Outbox& outbox_;
  PeerClients& clients_;
  const PruneOptions options_;
  Counter& pruned_;
  Counter& held_up_;
  const std::shared_ptr<std::atomic<std::int64_t>> kept_;  ///< scrapes read it
  std::deque<Seen> seen_;
  asio::steady_timer timer_;
  bool stopping_ = false;
};

/// From a consumer's answer {"topics": ["payments"], "items": [{"stream": "gateway-0/payments/7", "sequence": 12},
/// ...]}: its numbers on the streams of this producer and topic, the least one of each (every shard of a consumer reads
/// the streams of a producer that has none); partitions that it does not name are at 0. The largest number everywhere
/// when it does not read the topic. Nothing: it is no such answer.
std::optional<outbox::Cursors> read_applied_answer(std::string_view body, std::string_view producer,
                                                   std::string_view topic);

}  // namespace tidegate::platform
