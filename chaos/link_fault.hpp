#pragma once
// What a fault on a link does to the bytes that pass a proxy. The agent makes one object per lease and asks it about
// each connection that the lease's match picked.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/random.hpp"
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

/// The draws of one fault: a stream for each direction of each connection.
class FaultDraws {
 public:
  FaultDraws(const FaultIdentity& identity, std::string_view kind);
  Draws at(std::uint64_t connection, Direction direction, std::uint64_t index) const noexcept;

 private:
  std::uint64_t seed_, stream_;
};

/// One read of a proxy: the chunk-th of that direction. Connections of a link count from 0 in the order of acceptance.
struct ChunkPlace {
  std::uint64_t connection = 0;
  Direction direction = Direction::upstream;
  std::uint64_t chunk = 0;
};

/// Where a run of bytes lies: `offset` counts the bytes of that direction from the connection's beginning.
struct BytePlace {
  std::uint64_t connection = 0;
  Direction direction = Direction::upstream;
  std::uint64_t offset = 0;
};

/// That a fault ends the connections it touches.
struct Ending {
  enum class How : std::uint8_t {
    half_close,  ///< the receiver is told the end of the stream; what the sender still sends is thrown away
    close,       ///< both ends see an orderly end
    reset,       ///< both ends see a reset
  };
  How how = How::close;
  Directions directions = Directions::both;  ///< of a half-close, and of the bytes that count
  std::optional<Nanoseconds> after;          ///< from when the fault met the connection
  std::optional<std::uint64_t> after_bytes;  ///< of each direction, from then on; not one more is delivered
};

/// Immutable: every answer is a pure function of the identity, the parameters and the place, so a proxy may ask twice.
/// The defaults leave a connection alone; a kind overrides what it changes.
class LinkFault {
 public:
  virtual ~LinkFault() = default;

  /// How much later than it came the chunk leaves. Zero: not touched.
  virtual Nanoseconds delay(const ChunkPlace&) const { return Nanoseconds{0}; }
  /// The most that a direction of a connection carries; zero: no limit.
  virtual double bytes_per_second(Direction) const { return 0; }
  /// Whether bytes of that direction stop. They stay in the kernel's buffers, and flow on after the heal.
  virtual bool stops(Direction) const { return false; }
  /// Whether bytes of that direction are thrown away. A connection that lost some is reset at the heal.
  virtual bool discards(Direction) const { return false; }
  /// How much later than it came the end of a stream is told.
  virtual Nanoseconds end_delay(Direction) const { return Nanoseconds{0}; }

  /// How many of the bytes at that place leave together; zero: all.
  virtual std::size_t piece_size(const BytePlace&) const { return 0; }
  /// The rest between two pieces.
  virtual Nanoseconds piece_gap() const { return Nanoseconds{0}; }
  /// Whether `alter` may change bytes of that direction.
  virtual bool alters(Direction) const { return false; }
  /// Changes bytes in place; how many it changed.
  virtual std::size_t alter(const BytePlace&, std::span<char>) const { return 0; }

  /// Whether a new connection stays accepted and silent, without one to the upstream, until the heal.
  virtual bool stops_connecting() const { return false; }
  /// Whether a new connection is reset as soon as it is accepted.
  virtual bool refuses() const { return false; }
  /// How long a new connection waits before it is served.
  virtual Nanoseconds accept_delay(std::uint64_t) const { return Nanoseconds{0}; }

  virtual std::optional<Ending> ending() const { return std::nullopt; }
};

}  // namespace tidegate::chaos
