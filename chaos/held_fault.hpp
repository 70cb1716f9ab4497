#pragma once
// A fault on a process that the agent holds as a lease: it must end when the harness does.

#include <cstdint>
#include <optional>

#include "base/result.hpp"
#include "base/time.hpp"
#include "chaos/process_target.hpp"

namespace tidegate::chaos {

/// Not thread-safe: all calls on the agent's thread.
class HeldFault {
 public:
  virtual ~HeldFault() = default;
  /// Nothing of it is on when this fails.
  virtual Result<void> inject() = 0;
  /// Every few milliseconds while it is on.
  virtual void tick(Nanoseconds now) { (void)now; }
  /// How long until the next tick is wanted; the agent's own rhythm when nothing is said.
  virtual std::optional<Nanoseconds> next_tick() const { return std::nullopt; }
  /// What undoes it when this object cannot any more.
  virtual std::optional<Undo> undo() const { return std::nullopt; }
  /// A process that is gone needs no healing.
  virtual Result<void> heal() = 0;
  virtual std::uint64_t hits() const = 0;
};

}  // namespace tidegate::chaos
