#include "loadgen/arrivals.hpp"

#include "base/assert.hpp"

namespace tidegate::loadgen {

/// Whether there is an arrival `index_`; its place is then `position_`.
bool ArrivalSequence::draw() {
  if (!drawn_) {
    if (spacing_ == Spacing::even) {
      position_ = static_cast<double>(index_);
    } else {
      position_ += Draws(seed_, stream_, index_).exponential();
    }
    drawn_ = true;
  }
  return curve_->contains(position_);
}

std::uint64_t ArrivalSequence::take() {
  drawn_ = false;
  return index_++;
}

std::optional<Arrival> ArrivalSequence::next() {
  if (!draw()) return std::nullopt;
  const Nanoseconds time = curve_->time_of(position_);
  return Arrival{take(), time};
}

std::optional<Arrival> ArrivalSequence::next_of(std::uint64_t k, std::uint64_t n) {
  TIDEGATE_ASSERT(k < n);
  while (draw()) {
    const std::uint64_t index = take();
    if (index % n == k) return Arrival{index, curve_->time_of(position_)};
  }
  return std::nullopt;
}

}  // namespace tidegate::loadgen
