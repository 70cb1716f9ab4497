#include "loadgen/rate_curve.hpp"

#include <algorithm>
#include <cmath>

#include "base/assert.hpp"

namespace tidegate::loadgen {

void RateCurve::append(Nanoseconds length, double from, double to) {
  TIDEGATE_ASSERT(length.count() >= 0);
  TIDEGATE_ASSERT(from >= 0 && to >= 0);
  if (length.count() == 0) return;  // a jump: the next piece starts at its own rate
  pieces_.push_back({to_seconds(end_ - start_), to_seconds(length), from, to, total_});
  total_ += pieces_.back().expected(to_seconds(length));
  end_ += length;
}

double RateCurve::highest_rate() const noexcept {
  double highest = 0;
  for (const Piece& piece : pieces_) highest = std::max({highest, piece.from, piece.to});
  return highest;
}

const RateCurve::Piece* RateCurve::piece_at(double since_start_s) const noexcept {
  const auto after = std::upper_bound(pieces_.begin(), pieces_.end(), since_start_s,
                                      [](double s, const Piece& piece) { return s < piece.start_s; });
  return after == pieces_.begin() ? nullptr : &*std::prev(after);
}

double RateCurve::rate_at(Nanoseconds time) const noexcept {
  if (time < start_ || time >= end_) return 0;
  const double since = to_seconds(time - start_);
  const Piece* piece = piece_at(since);
  return piece == nullptr ? 0 : piece->at(since - piece->start_s);
}

double RateCurve::arrivals_before(Nanoseconds time) const noexcept {
  if (time <= start_) return 0;
  if (time >= end_) return total_;
  const double since = to_seconds(time - start_);
  const Piece* piece = piece_at(since);
  return piece == nullptr ? 0 : piece->before + piece->expected(since - piece->start_s);
}

Nanoseconds RateCurve::time_of(double position) const noexcept {
  TIDEGATE_ASSERT(!pieces_.empty());
  auto piece = std::upper_bound(pieces_.begin(), pieces_.end(), position,
                                [](double p, const Piece& candidate) { return p < candidate.before; });
  if (piece != pieces_.begin()) --piece;
  const double into = std::max(0.0, position - piece->before);
  // from*t + slope/2*t^2 = into, solved in the form that neither cancels nor divides by a zero slope.
  const double slope = (piece->to - piece->from) / piece->length_s;
  const double root = std::sqrt(std::max(0.0, piece->from * piece->from + 2 * slope * into));
  const double divisor = piece->from + root;
  const double since = divisor > 0 ? std::min(2 * into / divisor, piece->length_s) : 0;
  return start_ + Nanoseconds(std::llround((piece->start_s + since) * 1e9));
}

}  // namespace tidegate::loadgen
