#pragma once
// A carrier that keeps no promise but termination: it drops, repeats and reorders, by a seed.

#include <memory>

#include "platform/bus/event_bus.hpp"

namespace tidegate::platform {

struct LossyOptions {
  std::uint64_t seed = 1;
  double drop = 0.1, repeat = 0.1;
  /// Records held back at most this many polls, so that they arrive after later ones.
  int reorder_window = 3;
};

std::unique_ptr<EventBus> make_lossy_bus(EventBus& inner, LossyOptions options);

}  // namespace tidegate::platform
