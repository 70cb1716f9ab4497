#pragma once
// Which messages a fault touched, so that the operation history can say it of each request.

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/random.hpp"
#include "base/time.hpp"

namespace tidegate::chaos {

/// One message that a fault touched.
struct Touch {
  std::uint64_t message = 0;  ///< message_hash of what identifies it
  Nanoseconds at{0};          ///< on the machine's monotonic clock, which all its processes share
  bool operator==(const Touch&) const = default;
};

/// The hash of a trace id (W3C Trace Context, 32 hex digits), an idempotency key or a request id.
inline std::uint64_t message_hash(std::string_view identity) noexcept {
  return stable_hash(identity);
}

/// The touches of one fault, oldest first, up to a limit; those beyond it are counted.
struct TouchLog {
  static constexpr std::size_t kMost = 1'000'000;

  std::vector<Touch> touches;
  std::uint64_t beyond = 0;

  void add(Touch touch) {
    if (touches.size() < kMost) {
      touches.push_back(touch);
    } else {
      ++beyond;
    }
  }
};

}  // namespace tidegate::chaos
