#pragma once
// Transactional outbox: events are rows of the transaction that caused them, numbered densely per stream by the single
// writer; the relay publishes from memory right after the commit, and from the table after a restart.

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/http/message.hpp"
#include "base/result.hpp"
#include "platform/bus/event_bus.hpp"
#include "platform/events/envelope.hpp"
#include "platform/store/store.hpp"

namespace tidegate::platform {

/// The outbox's own tables, to be put first in a service's list of migrations (numbers 1 to 9 are reserved for it).
std::span<const Migration> outbox_migrations();

/// Belongs to one store. `append` runs inside a unit of work on the writer thread; the rest is thread-safe.
class Outbox {
 public:
  /// The partition of a payment's events: always the same one, or they overtake each other.
  using Partitioner = int (*)(std::string_view payment);
  Outbox(Store& store, std::string topic, Partitioner partitioner = partition_of);
  ~Outbox();

  /// Loads the last number of each stream. Call once, before work is submitted.
  Result<void> open();
  /// Writes one event row; fills stream, sequence, id (when empty) and occurred_at. If the unit is rolled back, so is
  /// the number: the outbox learns of it because numbers are taken in the transaction.
  Result<void> append(Connection& connection, Envelope& envelope);
  /// After the unit's commit: hands the event to the relay.
  void committed(const Envelope& envelope);

  /// Starts the relay thread on a producer; after a restart it begins with the rows that were not acknowledged as
  /// published (at-least-once: a repeat is legal, a hole is not).
  Result<void> start_relay(EventBus& bus);
  void stop_relay(Nanoseconds limit);
  /// The relay has found the bus: it carries events, or tries to.
  bool relay_running() const;
  /// Committed events not yet handed to the bus: exported and gated, because a stalled relay hides from Kafka lag.
  std::size_t depth() const;

  /// `GET /internal/outbox/{producer}/{topic}/{partition}?from=N&limit=M`: {"head": H, "events": [envelope, ...]},
  /// the consumers' way to close a gap or find a lost tail; without `from` the head alone. And
  /// `GET /internal/outbox/{producer}/{topic}`: {"heads": [H, ...]}, by partition. `rest` is the path after
  /// /internal/outbox/.
  http::Response serve(std::string_view rest, const http::Request& request, Connection& reader) const;

  const std::string& topic() const;
  /// In this database; known after open().
  std::int64_t topic_number() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace tidegate::platform
