#pragma once
// What an inbox counts; written by its thread, read by anyone. Private to platform/inbox.

#include <atomic>
#include <cstdint>

namespace tidegate::platform {

/// See Inbox::Statistics.
struct InboxCounters {
  std::atomic<std::uint64_t> applied{0}, repeats{0}, gaps{0}, refilled{0}, refused{0}, failures{0};
};

}  // namespace tidegate::platform
