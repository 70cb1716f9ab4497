#pragma once
// A circuit breaker, one per provider. A state machine without I/O; times come from its caller.
//
//   closed -- 3 failures or 2 timeouts in a row --> open -- 5 s --> half-open: one probe -- success --> closed
//     ^                                               ^                              \-- failure --> open
//
// Source: the FinPulse case study (three consecutive failures or two consecutive timeouts).

#include <cstdint>

#include "base/time.hpp"

namespace tidegate::platform {

class Breaker {
 public:
  /// In a row.
  struct Trips {
    int failures = 3;
    int timeouts = 2;
  };
  static constexpr Nanoseconds kStaysOpen = std::chrono::seconds(5);

  enum class State { closed, open, half_open };
  enum class Outcome {
    success,   ///< the provider answered, whatever it said
    failure,   ///< refused, reset, 5xx, nonsense
    timeout,   ///< no answer in time; counts as a failure too
    cancelled  ///< the caller gave up: nothing was learnt
  };

  Breaker() = default;
  explicit Breaker(Trips trips) : trips_(trips) {}

  /// Whether a call may be made now; the caller reports its outcome. In half-open only one call at a time may.
  bool allow(Nanoseconds now) noexcept;
  void report(Outcome outcome, Nanoseconds now) noexcept;
  State state(Nanoseconds now) const noexcept;
  /// How often it opened.
  std::uint64_t openings() const noexcept { return openings_; }

 private:
  void open(Nanoseconds now) noexcept;

  Trips trips_;
  bool open_ = false;
  bool probing_ = false;
  int failures_ = 0, timeouts_ = 0;  // in a row
  Nanoseconds opened_at_{0};
  std::uint64_t openings_ = 0;
};

}  // namespace tidegate::platform
