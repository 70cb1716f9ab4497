#pragma once
// A planned rate over time, in straight pieces, and its integral both ways: time -> arrivals due, arrival -> time.

#include <cstdint>
#include <vector>

#include "base/time.hpp"

namespace tidegate::loadgen {

/// Pure: no clock, no state. Rates are per second; `position` is a place on the axis of expected arrivals.
class RateCurve {
 public:
  explicit RateCurve(Nanoseconds start = Nanoseconds{0}) : start_(start), end_(start) {}

  /// Appends a straight piece from `from` to `to` per second.
  void append(Nanoseconds length, double from, double to);

  Nanoseconds start() const noexcept { return start_; }
  Nanoseconds end() const noexcept { return end_; }
  /// Expected arrivals from start to end.
  double total() const noexcept { return total_; }
  double highest_rate() const noexcept;
  /// At a time on the run clock; 0 outside. Where two pieces meet, the later one counts.
  double rate_at(Nanoseconds time) const noexcept;
  /// Expected arrivals before `time`, 0 <= result <= total().
  double arrivals_before(Nanoseconds time) const noexcept;
  /// The time at which arrivals_before reaches `position`, 0 <= position < total().
  Nanoseconds time_of(double position) const noexcept;
  /// Whether an arrival at that position happens: positions within 1e-6 of the end do not, so that 100/s for 10 s is
  /// 1,000 arrivals whatever the rounding.
  bool contains(double position) const noexcept { return position < total_ - 1e-6; }

 private:
  struct Piece {
    double start_s, length_s;  // from the curve's start
    double from, to;           // per second
    double before;             // expected arrivals before the piece
    double at(double since_s) const noexcept { return from + (to - from) * since_s / length_s; }
    double expected(double since_s) const noexcept { return (from + at(since_s)) / 2 * since_s; }
  };
  const Piece* piece_at(double since_start_s) const noexcept;

  Nanoseconds start_, end_;
  double total_ = 0;
  std::vector<Piece> pieces_;
};

}  // namespace tidegate::loadgen
