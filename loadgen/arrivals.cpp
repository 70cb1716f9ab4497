#include "loadgen/arrivals.hpp"

#include "base/assert.hpp"

namespace tidegate::loadgen {

bool ArrivalSequence::advance() {
  if (ended_) return false;
  if (spacing_ == Spacing::even) {
    position_ = static_cast<double>(index_);
  } else {
    position_ += Draws(seed_, stream_, index_).exponential();
  }
  ended_ = !curve_->contains(position_);
  return !ended_;
}

std::optional<Arrival> ArrivalSequence::next() {
  if (!advance()) return std::nullopt;
  return Arrival{index_++, curve_->time_of(position_)};
}

std::optional<Arrival> ArrivalSequence::next_of(std::uint64_t k, std::uint64_t n) {
  TIDEGATE_ASSERT(k < n);
  while (advance()) {
    const std::uint64_t index = index_++;
    if (index % n == k) return Arrival{index, curve_->time_of(position_)};
  }
  return std::nullopt;
}

}  // namespace tidegate::loadgen
