#pragma once
// What a fault on a link does to the bytes that pass a proxy. The agent makes one object per lease and asks it about
// each connection that the lease's match picked.

#include <cstdint>
#include <string>
#include <string_view>

#include "base/time.hpp"

namespace tidegate::chaos {

/// Of the bytes of a connection: upstream is from the client to the server.
enum class Direction : std::uint8_t { upstream, downstream };
std::string_view to_string(Direction direction) noexcept;

/// Which directions a fault applies to.
enum class Directions : std::uint8_t { both, upstream, downstream };
constexpr bool applies(Directions directions, Direction direction) noexcept {
  return directions == Directions::both || (directions == Directions::upstream) == (direction == Direction::upstream);
}

/// What every choice of a fault derives from, beside the connection and the chunk.
struct FaultIdentity {
  std::uint64_t seed = 0;
  std::string fault;   ///< the name in the scenario
  std::string target;  ///< the link's name
};

/// One read of a proxy: the chunk-th of that direction. Connections of a link count from 0 in the order of acceptance.
struct ChunkPlace {
  std::uint64_t connection = 0;
  Direction direction = Direction::upstream;
  std::uint64_t chunk = 0;
};

/// Immutable: every answer is a pure function of the identity, the parameters and the place, so a proxy may ask twice.
/// The defaults leave a connection alone; a kind overrides what it changes.
class LinkFault {
 public:
  virtual ~LinkFault() = default;
  /// How much later than it came the chunk leaves. Zero: not touched.
  virtual Nanoseconds delay(const ChunkPlace&) const { return Nanoseconds{0}; }
  /// Whether bytes of that direction stop. They stay in the kernel's buffers, and flow on after the heal.
  virtual bool stops(Direction) const { return false; }
  /// Whether a new connection stays accepted and silent, without one to the upstream, until the heal.
  virtual bool stops_connecting() const { return false; }
};

}  // namespace tidegate::chaos
