#pragma once
// How many virtual users a closed-loop block wants over time, in straight pieces, and when one of them is wanted.
// Source: k6's ramping-vus executor: the count is a whole number that rises when the line reaches it and falls when the
// line leaves it.

#include <cstdint>
#include <optional>
#include <vector>

#include "base/time.hpp"

namespace tidegate::loadgen {

/// Pure: no clock, no state. VUs are numbered from 0; the lowest numbers come first and leave last.
class VuCurve {
 public:
  explicit VuCurve(Nanoseconds start = Nanoseconds{0}, std::uint32_t vus = 0)
      : start_(start), end_(start), last_(vus) {}

  /// Appends a straight piece that ends at `to`; a length of 0 is a jump.
  void append(Nanoseconds length, std::uint32_t to);

  Nanoseconds start() const noexcept { return start_; }
  Nanoseconds end() const noexcept { return end_; }
  std::uint32_t highest() const noexcept;
  /// VUs wanted at a time; 0 outside.
  std::uint32_t wanted_at(Nanoseconds time) const noexcept;

  /// A span during which a VU starts iterations: [from, until).
  struct Span {
    Nanoseconds from{0}, until{0};
    bool operator==(const Span&) const = default;
  };
  /// The VU's first span that ends after `time`; nullopt: it is not wanted any more.
  std::optional<Span> next_span(std::uint32_t vu, Nanoseconds time) const noexcept;

 private:
  struct Piece {
    Nanoseconds start, length;
    std::uint32_t from, to;
    Span wanted(std::uint32_t vu) const noexcept;
  };

  Nanoseconds start_, end_;
  std::uint32_t last_;
  std::vector<Piece> pieces_;
};

}  // namespace tidegate::loadgen
