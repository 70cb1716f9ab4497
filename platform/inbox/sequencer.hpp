#pragma once
// What the inbox knows about the streams of one producer: what was applied, what is held, what is missing. No I/O, no
// clock of its own, not thread-safe. Private to platform/inbox.

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/time.hpp"
#include "platform/events/envelope.hpp"

namespace tidegate::platform {

/// Numbers of a stream that have to be asked for, both ends included.
struct MissingRange {
  int partition = 0;
  std::int64_t from = 0, to = 0;
};

class Sequencer {
 public:
  /// Events held per stream while it waits; later ones are let go and asked for when there is room, so ask full()
  /// first. What closes a gap finds room beside them, a page of it as well as its first event: where only that one did,
  /// each page that was fetched moved its stream by one event, and a group that had once fallen behind what the broker
  /// keeps never came back.
  static constexpr std::size_t kMostHeld = 2'000;

  enum class Offer { accepted, repeat };

  /// Makes the partition known, with the last number applied.
  void add(int partition, std::int64_t applied, Nanoseconds now);
  bool owns(int partition) const { return streams_.count(partition) != 0; }

  /// An event arrived, from the bus or from the outbox, in any order.
  Offer offer(Envelope event, Nanoseconds now);
  /// The producer says that its stream ends at `head`.
  void learn_head(int partition, std::int64_t head);

  /// Events that may be applied now: per stream in order and without a hole, at most `limit`. Valid until `applied`.
  std::vector<const Envelope*> ready(std::size_t limit) const;
  /// The effects up to `sequence` are committed.
  void applied(int partition, std::int64_t sequence);
  std::int64_t last_applied(int partition) const { return streams_.at(partition).applied; }

  /// A stream holds all it may behind a gap: only what closes that should be offered now. One whose next event is here
  /// and cannot be applied is not meant: it must not hold up the others.
  bool full() const;

  /// Every hole that is known; of the tail only if there is room for it.
  std::vector<MissingRange> missing() const;
  /// A stream that held nothing back and received nothing for `length`: its tail may be lost.
  bool any_quiet(Nanoseconds now, Nanoseconds length) const;
  bool is_quiet(int partition, Nanoseconds now, Nanoseconds length) const;

 private:
  struct Stream {
    std::int64_t applied = 0;
    std::int64_t head = 0;  ///< the highest number known to exist
    Nanoseconds active_at{0};
    std::map<std::int64_t, Envelope> held;
  };
  static bool is_full(const Stream& stream) { return stream.held.size() >= kMostHeld; }

  std::map<int, Stream> streams_;
};

}  // namespace tidegate::platform
