#include "platform/service/wall_clock.hpp"

#include <algorithm>
#include <atomic>

namespace tidegate::platform {
namespace {

std::atomic<std::int64_t> offset_ns{0};

std::int64_t to_ms(Nanoseconds time) {
  return std::chrono::floor<std::chrono::milliseconds>(time).count();
}

Nanoseconds elapsed_now() noexcept {
  static const Nanoseconds origin = unix_now() - monotonic_now();
  return origin + monotonic_now();
}

}  // namespace

Nanoseconds wall_now() noexcept {
  return unix_now() + wall_offset();
}

std::int64_t wall_now_ms() noexcept {
  return to_ms(wall_now());
}

Nanoseconds wall_offset() noexcept {
  return Nanoseconds(offset_ns.load(std::memory_order_relaxed));
}

void set_wall_offset(Nanoseconds offset) noexcept {
  offset_ns.store(offset.count(), std::memory_order_relaxed);
}

std::int64_t elapsed_now_ms() noexcept {
  return to_ms(elapsed_now());
}

std::int64_t stamp_now_ms() noexcept {
  return std::max(elapsed_now_ms(), wall_now_ms());
}

std::int64_t lapse_now_ms() noexcept {
  return std::min(elapsed_now_ms(), wall_now_ms());
}

Nanoseconds wall_jump() noexcept {
  return wall_now() - elapsed_now();
}

}  // namespace tidegate::platform
