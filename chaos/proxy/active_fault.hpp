#pragma once
// A link fault that is on: what it does, whom it picks, what it has hit. Shared by the agent's lease and the
// connections it touches; all on the agent's thread.

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/time.hpp"
#include "chaos/link_fault.hpp"
#include "chaos/match.hpp"
#include "chaos/touch.hpp"

namespace tidegate::chaos {

class HttpFault;

struct ActiveFault {
  std::shared_ptr<const LinkFault> effect;
  Picker picker;
  Nanoseconds injected{0};  ///< monotonic; bytes that came earlier are not touched
  std::uint64_t hits = 0;
  /// Set for a fault that looks at messages instead of bytes; `effect` is null then.
  std::shared_ptr<const HttpFault> message = nullptr;
  bool active = true;     ///< until the heal
  TouchLog touched = {};  ///< messages that can be told from others; on a link that speaks their protocol
};

/// The faults that picked one connection, and what they do to it together: delays add up, the narrowest limit holds,
/// one stop suffices.
class ConnectionFaults {
 public:
  void add(std::shared_ptr<ActiveFault> fault, Nanoseconds now);
  /// Whether the fault was there.
  bool remove(const ActiveFault* fault);
  bool empty() const noexcept { return entries_.empty(); }

  /// Of a chunk that came at `arrived`; each fault that delays it counts a hit when told to.
  Nanoseconds delay(const ChunkPlace& place, Nanoseconds arrived, bool count_hits) const;
  Nanoseconds end_delay(Direction direction, bool count_hits) const;
  double bytes_per_second(Direction direction) const;
  bool stops(Direction direction) const;
  /// A direction had bytes to carry and was stopped: one hit for each stopping fault, once per direction.
  void count_stopped(Direction direction);

  /// Whether the bytes are to be thrown away; counts a hit for each fault that says so.
  bool discards(Direction direction);
  /// Whether the fault made the connection lose bytes, so that it cannot live on without it.
  bool lost_bytes(const ActiveFault* fault) const;
  bool alters(Direction direction) const;
  void alter(const BytePlace& place, std::span<char> bytes) const;
  /// How many of `count` bytes leave together, and the rest between two such pieces. A hit for each that cuts.
  std::size_t piece_size(const BytePlace& place, std::size_t count) const;
  Nanoseconds piece_gap() const;

  /// A message passed while they were on.
  void count_message(const Touch& touch) const;

  bool stops_connecting() const;
  void count_kept_silent();
  bool refuses();
  Nanoseconds accept_delay(std::uint64_t connection, bool count_hits) const;

  /// How many more bytes that direction may deliver before an ending; nothing: any number.
  std::optional<std::uint64_t> room(Direction direction) const;
  /// Bytes were accepted for delivery.
  void count_delivered(Direction direction, std::uint64_t count);
  struct DueEnding {
    Ending ending;
    ActiveFault* fault;
  };
  /// The ending whose bytes are used up in that direction.
  std::optional<DueEnding> ending_by_bytes(Direction direction) const;
  /// The next ending by time, and when.
  std::optional<Nanoseconds> next_ending() const;
  /// The ending that is due; told once.
  std::optional<DueEnding> take_ending(Nanoseconds now);

 private:
  struct Entry {
    std::shared_ptr<ActiveFault> fault;
    Nanoseconds met{0};  ///< when it came together with the connection
    std::optional<Ending> ending;
    bool ended = false, lost = false;
    bool counted[2] = {false, false};
    std::uint64_t delivered[2] = {0, 0};
  };
  std::vector<Entry> entries_;
};

}  // namespace tidegate::chaos
