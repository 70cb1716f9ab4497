#pragma once
// The time of day as a service reads it. A machine's wall clock can jump (a wrong time server, a virtual machine that
// was paused); an operator can let one process's jump for a drill. Thread-safe.

#include "base/time.hpp"

namespace tidegate::platform {

/// Since the Unix epoch: the machine's wall clock, and what it is off by. For stamps.
Nanoseconds wall_now() noexcept;
/// The same to the whole millisecond, rounded down.
std::int64_t wall_now_ms() noexcept;

/// What wall_now() is off by; at first 0. A restarted process has the machine's clock again.
Nanoseconds wall_offset() noexcept;
void set_wall_offset(Nanoseconds offset) noexcept;

/// Milliseconds on the wall clock's scale that no jump moves: what the wall clock was when this process first asked,
/// and the monotonic time since. For times that this process alone compares.
std::int64_t elapsed_now_ms() noexcept;
/// What lapses is stamped with the later of the two and has lapsed by the earlier one: by both clocks. A jump ahead
/// must not end an authorization, nor let a key's payment be made again; nor must a process that started under a clock
/// that was behind, when its successor starts under the right one.
std::int64_t stamp_now_ms() noexcept;
std::int64_t lapse_now_ms() noexcept;
/// How far the wall clock has jumped since this process first asked.
Nanoseconds wall_jump() noexcept;

}  // namespace tidegate::platform
