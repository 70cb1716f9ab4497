#pragma once
// A link fault that is on: what it does, whom it picks, what it has hit. Shared by the agent's lease and the
// connections it touches; all on the agent's thread.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/time.hpp"
#include "chaos/link_fault.hpp"
#include "chaos/match.hpp"

namespace tidegate::chaos {

struct ActiveFault {
  std::shared_ptr<const LinkFault> effect;
  Picker picker;
  Nanoseconds injected{0};  ///< monotonic; bytes that came earlier are not touched
  std::uint64_t hits = 0;
};

/// The faults that picked one connection, and what they do to it together: delays add up, one stop suffices.
class ConnectionFaults {
 public:
  void add(std::shared_ptr<ActiveFault> fault) { entries_.push_back({std::move(fault), {false, false}}); }
  /// Whether the fault was there.
  bool remove(const ActiveFault* fault);
  bool empty() const noexcept { return entries_.empty(); }

  /// Of a chunk that came at `arrived`; each fault that delays it counts a hit when told to.
  Nanoseconds delay(const ChunkPlace& place, Nanoseconds arrived, bool count_hits) const;
  bool stops(Direction direction) const;
  bool stops_connecting() const;
  /// A direction had bytes to carry and was stopped: one hit for each stopping fault, once per direction.
  void count_stopped(Direction direction);
  void count_kept_silent();

 private:
  struct Entry {
    std::shared_ptr<ActiveFault> fault;
    bool counted[2];
  };
  std::vector<Entry> entries_;
};

}  // namespace tidegate::chaos
