#include "loadgen/vu_curve.hpp"

#include <algorithm>
#include <cmath>

#include "base/assert.hpp"

namespace tidegate::loadgen {

void VuCurve::append(Nanoseconds length, std::uint32_t to) {
  TIDEGATE_ASSERT(length.count() >= 0);
  if (length.count() > 0) pieces_.push_back({end_, length, last_, to});
  end_ += length;
  last_ = to;
}

std::uint32_t VuCurve::highest() const noexcept {
  std::uint32_t highest = 0;
  for (const Piece& piece : pieces_) highest = std::max({highest, piece.from, piece.to});
  return highest;
}

/// Within the piece; an empty span where the VU is not wanted at all.
VuCurve::Span VuCurve::Piece::wanted(std::uint32_t vu) const noexcept {
  const Nanoseconds ends = start + length;
  const auto crossing = [&](double distance, double height) {
    return start + Nanoseconds(std::llround(static_cast<double>(length.count()) * distance / height));
  };
  if (from > vu && to > vu) return {start, ends};
  if (to > vu) return {crossing(vu + 1.0 - from, double(to) - from), ends};       // rises past it
  if (from > vu) return {start, crossing(double(from) - vu, double(from) - to)};  // falls past it
  return {ends, ends};
}

std::optional<VuCurve::Span> VuCurve::next_span(std::uint32_t vu, Nanoseconds time) const noexcept {
  std::optional<Span> joined;
  for (const Piece& piece : pieces_) {
    const Span wanted = piece.wanted(vu);
    if (wanted.from >= wanted.until) continue;
    if (joined && joined->until == wanted.from) {
      joined->until = wanted.until;
    } else {
      if (joined && joined->until > time) return joined;
      joined = wanted;
    }
  }
  if (!joined || joined->until <= time) return std::nullopt;
  return joined;
}

std::uint32_t VuCurve::wanted_at(Nanoseconds time) const noexcept {
  // The lower numbers are wanted whenever a higher one is: a search in halves.
  std::uint32_t wanted = 0, unwanted = highest();
  while (wanted < unwanted) {
    const std::uint32_t middle = wanted + (unwanted - wanted) / 2;
    const auto span = next_span(middle, time);
    if (span && span->from <= time) {
      wanted = middle + 1;
    } else {
      unwanted = middle;
    }
  }
  return wanted;
}

}  // namespace tidegate::loadgen
