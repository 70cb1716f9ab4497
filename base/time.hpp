#pragma once
// Time as the harness and the platform use it: signed nanoseconds, from a clock that can be simulated.

#include <chrono>
#include <cstdint>

namespace tidegate {

using Nanoseconds = std::chrono::nanoseconds;

/// Monotonic time since an arbitrary start, in nanoseconds.
Nanoseconds monotonic_now() noexcept;
/// CPU time that this process has used (user and system).
Nanoseconds process_cpu_time() noexcept;
/// CPU time that the calling thread has used.
Nanoseconds thread_cpu_time() noexcept;
/// Wall-clock time since the Unix epoch.
Nanoseconds unix_now() noexcept;

/// Everything that waits or stamps takes one of these, so that tests run on simulated time. Thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;
  /// Monotonic; comparable only with times of the same clock.
  virtual Nanoseconds now() const noexcept = 0;
  /// Since the Unix epoch, for stamps that leave the process.
  virtual Nanoseconds unix_time() const noexcept = 0;
};

/// The machine's clock. A shared instance: `system_clock()`.
class SystemClock final : public Clock {
 public:
  Nanoseconds now() const noexcept override;
  Nanoseconds unix_time() const noexcept override;
};
const SystemClock& system_clock() noexcept;

/// A clock that moves only when told. Not for use from several threads at once.
class SimulatedClock final : public Clock {
 public:
  explicit SimulatedClock(Nanoseconds start = Nanoseconds{0}) : now_(start) {}
  Nanoseconds now() const noexcept override { return now_; }
  Nanoseconds unix_time() const noexcept override { return now_; }
  void advance(Nanoseconds by) noexcept { now_ += by; }
  void set(Nanoseconds to) noexcept { now_ = to; }

 private:
  Nanoseconds now_;
};

/// The one time line of a rehearsal: zero is the start of load, set-up is negative. Immutable once made; copies agree
/// across processes of one machine, since they hold the origin on the machine's monotonic clock.
class RunClock {
 public:
  RunClock() = default;
  RunClock(Nanoseconds monotonic_origin, Nanoseconds unix_origin)
      : monotonic_origin_(monotonic_origin), unix_origin_(unix_origin) {}
  /// A clock whose zero lies `in` from now.
  static RunClock starting_in(Nanoseconds in) noexcept;

  Nanoseconds now() const noexcept { return monotonic_now() - monotonic_origin_; }
  Nanoseconds from_monotonic(Nanoseconds t) const noexcept { return t - monotonic_origin_; }
  Nanoseconds to_monotonic(Nanoseconds t) const noexcept { return t + monotonic_origin_; }
  Nanoseconds from_unix(Nanoseconds t) const noexcept { return t - unix_origin_; }
  Nanoseconds to_unix(Nanoseconds t) const noexcept { return t + unix_origin_; }
  Nanoseconds monotonic_origin() const noexcept { return monotonic_origin_; }
  Nanoseconds unix_origin() const noexcept { return unix_origin_; }

 private:
  Nanoseconds monotonic_origin_{0};
  Nanoseconds unix_origin_{0};
};

inline double to_seconds(Nanoseconds t) {
  return std::chrono::duration<double>(t).count();
}
inline Nanoseconds from_seconds(double s) {
  return std::chrono::duration_cast<Nanoseconds>(std::chrono::duration<double>(s));
}
/// The second a time belongs to, rounding down also below zero.
inline std::int32_t second_of(Nanoseconds t) {
  return static_cast<std::int32_t>(std::chrono::floor<std::chrono::seconds>(t).count());
}

}  // namespace tidegate
