#include "base/histogram.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace tidegate {
namespace {

constexpr std::size_t kHalf = Histogram::kSubBucketHalfCount;

int bucket_of_index(int index) noexcept {
  return std::max(0, index / Histogram::kSubBucketHalfCount - 1);
}

}  // namespace

static_assert(Histogram::kSubBucketCount == 2 * Histogram::kSubBucketHalfCount);
static_assert((2048ULL << (Histogram::kBucketCount - 1)) > Histogram::kHighestTrackable);
static_assert((2048ULL << (Histogram::kBucketCount - 2)) <= Histogram::kHighestTrackable);

Histogram::Histogram(const Histogram& other) {
  merge(other);
}

Histogram& Histogram::operator=(const Histogram& other) {
  if (this != &other) {
    reset();
    merge(other);
  }
  return *this;
}

std::uint64_t Histogram::lowest_of_index(int index) noexcept {
  const int bucket = bucket_of_index(index);
  return static_cast<std::uint64_t>(index - bucket * kSubBucketHalfCount) << bucket;
}

std::uint64_t Histogram::highest_of_index(int index) noexcept {
  return lowest_of_index(index) + (1ULL << bucket_of_index(index)) - 1;
}

void Histogram::merge(const Histogram& other) {
  for (std::size_t p = 0; p < pages_.size(); ++p) {
    if (!other.pages_[p]) continue;
    if (!pages_[p]) pages_[p] = std::make_unique<Page>();
    for (std::size_t i = 0; i < kHalf; ++i) (*pages_[p])[i] += (*other.pages_[p])[i];
  }
  total_ += other.total_;
}

void Histogram::reset() noexcept {
  for (auto& page : pages_) {
    if (page) page->fill(0);
  }
  total_ = 0;
}

template <typename Visit>
void Histogram::scan(Visit&& visit) const {
  for (std::size_t p = 0; p < pages_.size(); ++p) {
    if (!pages_[p]) continue;
    for (std::size_t i = 0; i < kHalf; ++i) {
      const std::uint64_t count = (*pages_[p])[i];
      if (count != 0 && !visit(static_cast<int>(p * kHalf + i), count)) return;
    }
  }
}

std::uint64_t Histogram::min() const noexcept {
  std::uint64_t found = 0;
  scan([&](int index, std::uint64_t) {
    found = lowest_of_index(index);
    return false;
  });
  return found;
}

std::uint64_t Histogram::max() const noexcept {
  for (std::size_t p = pages_.size(); p-- > 0;) {
    if (!pages_[p]) continue;
    for (std::size_t i = kHalf; i-- > 0;) {
      if ((*pages_[p])[i] != 0) return highest_of_index(static_cast<int>(p * kHalf + i));
    }
  }
  return 0;
}

double Histogram::mean() const noexcept {
  if (total_ == 0) return 0;
  double sum = 0;
  scan([&](int index, std::uint64_t count) {
    // The middle of the bucket as HdrHistogram takes it: lowest + half of the bucket's width, rounded down.
    const double middle = static_cast<double>(lowest_of_index(index) + ((1ULL << bucket_of_index(index)) >> 1));
    sum += middle * static_cast<double>(count);
    return true;
  });
  return sum / static_cast<double>(total_);
}

std::uint64_t Histogram::value_at_percentile(double percentile) const noexcept {
  // One step down counters the rounding of the product, as in the published algorithm: of 10,000 observations, 99.9 %
  // are 9,990 and not 9,991.
  const double share = std::clamp(std::nextafter(percentile, -std::numeric_limits<double>::infinity()), 0.0, 100.0);
  const double wanted = std::ceil(share / 100.0 * static_cast<double>(total_));
  // A total beyond 2^53 may round up past it, at worst to 2^64, which the conversion could not take.
  return value_at_rank(wanted >= static_cast<double>(total_) ? total_ : static_cast<std::uint64_t>(wanted));
}

std::uint64_t Histogram::value_at_rank(std::uint64_t rank) const noexcept {
  const std::uint64_t wanted = std::clamp<std::uint64_t>(rank, 1, std::max<std::uint64_t>(total_, 1));
  std::uint64_t seen = 0, found = 0;
  scan([&](int index, std::uint64_t count) {
    seen += count;
    found = highest_of_index(index);
    return seen < wanted;
  });
  return found;
}

std::uint64_t Histogram::count_at_or_over(std::uint64_t limit) const noexcept {
  std::uint64_t below = 0;
  scan([&](int index, std::uint64_t count) {
    // In the last bucket are also values of any size that were clamped to it.
    if (highest_of_index(index) >= limit || index == index_of(kHighestTrackable)) return false;
    below += count;
    return true;
  });
  return total_ - below;
}

void Histogram::for_each(const std::function<void(std::uint64_t, std::uint64_t, std::uint64_t)>& visit) const {
  scan([&](int index, std::uint64_t count) {
    visit(lowest_of_index(index), highest_of_index(index), count);
    return true;
  });
}

bool Histogram::operator==(const Histogram& other) const {
  if (total_ != other.total_) return false;
  static const Page kNothing{};
  for (std::size_t p = 0; p < pages_.size(); ++p) {
    const Page& mine = pages_[p] ? *pages_[p] : kNothing;
    const Page& theirs = other.pages_[p] ? *other.pages_[p] : kNothing;
    if (mine != theirs) return false;
  }
  return true;
}

}  // namespace tidegate
