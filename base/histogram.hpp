#pragma once
// A High Dynamic Range histogram: 3 significant digits, values from 1 to 3,600,000,000 (1 us to 1 h when the unit is a
// microsecond), counts kept only for the ranges in use.
// Source: Gil Tene's HdrHistogram; bucket arithmetic as published there (sub-bucket count 2048, unit magnitude 0).

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "base/result.hpp"

namespace tidegate {

/// Not thread-safe. Zero is a value of its own; values over the highest trackable are clamped to it.
class Histogram {
 public:
  static constexpr std::uint64_t kHighestTrackable = 3'600'000'000ULL;
  static constexpr int kSubBucketCount = 2048;
  static constexpr int kSubBucketHalfCount = 1024;
  static constexpr int kBucketCount = 22;  // 2048 * 2^21 > 3.6e9

  Histogram() = default;
  Histogram(const Histogram& other);
  Histogram& operator=(const Histogram& other);
  Histogram(Histogram&& other) noexcept : pages_(std::move(other.pages_)), total_(std::exchange(other.total_, 0)) {}
  Histogram& operator=(Histogram&& other) noexcept {
    pages_ = std::move(other.pages_);
    total_ = std::exchange(other.total_, 0);
    return *this;
  }

  /// Adds `count` observations of `value` (unit: microseconds for latencies). Zero is a legal value. Allocates only
  /// when a value's power of two is met for the first time.
  void record(std::uint64_t value, std::uint64_t count = 1) {
    const auto index = static_cast<std::size_t>(index_of(value));
    auto& page = pages_[index / kSubBucketHalfCount];
    if (!page) [[unlikely]]
      page = std::make_unique<Page>();
    (*page)[index % kSubBucketHalfCount] += count;
    total_ += count;
  }
  void merge(const Histogram& other);
  /// Empties it and keeps its memory, for per-second reuse.
  void reset() noexcept;

  std::uint64_t count() const noexcept { return total_; }
  bool empty() const noexcept { return total_ == 0; }
  /// Lowest / highest recorded value as the buckets know it; 0 when empty.
  std::uint64_t min() const noexcept;
  std::uint64_t max() const noexcept;
  double mean() const noexcept;
  /// The highest value equivalent to the one at the percentile (0 < percentile <= 100); 0 when empty.
  std::uint64_t value_at_percentile(double percentile) const noexcept;
  /// The value of the k-th smallest observation, 1 <= k <= count(), as the highest value equivalent to it; a rank
  /// outside is taken as the nearest one inside; 0 when empty.
  std::uint64_t value_at_rank(std::uint64_t rank) const noexcept;
  /// How many observations are not provably below `limit`: those in buckets whose highest equivalent value >= limit.
  /// Clamped values are below no limit.
  std::uint64_t count_at_or_over(std::uint64_t limit) const noexcept;

  /// Calls visit(lowest equivalent, highest equivalent, count) for each non-empty bucket, ascending.
  void for_each(const std::function<void(std::uint64_t, std::uint64_t, std::uint64_t)>& visit) const;

  /// Appends a compact form: a format byte, then ZigZag/LEB128 of counts with runs of zeros, as in HdrHistogram V2's
  /// payload. Equal histograms have equal forms.
  void encode(std::string& out) const;
  /// Reads what `encode` wrote; an error for anything else, never undefined behaviour.
  static Result<Histogram> decode(std::span<const std::byte> bytes);

  /// What `encode` wrote, without making a histogram of it.
  struct Counts {
    std::uint64_t total = 0;
    std::uint64_t at_or_over = 0;  ///< as count_at_or_over(limit)
  };
  /// None when `decode` would refuse it.
  static std::optional<Counts> encoded_counts(std::span<const std::byte> bytes, std::uint64_t limit);
  /// Adds it to this one; false, and nothing is added, when `decode` would refuse it.
  bool merge_encoded(std::span<const std::byte> bytes);

  static int index_of(std::uint64_t value) noexcept {
    const std::uint64_t known = value < kHighestTrackable ? value : kHighestTrackable;
    // Bucket b holds the values of b + 11 bits in steps of 2^b; the first one also all smaller values.
    const int bucket = 64 - std::countl_zero(known | (kSubBucketCount - 1)) - 11;
    return bucket * kSubBucketHalfCount + static_cast<int>(known >> bucket);
  }
  static std::uint64_t lowest_of_index(int index) noexcept;
  static std::uint64_t highest_of_index(int index) noexcept;

  bool operator==(const Histogram& other) const;

 private:
  // Calls visit(index, count) for each non-empty bucket, ascending, until it answers false.
  template <typename Visit>
  void scan(Visit&& visit) const;

  // One page per power of two (kSubBucketHalfCount counts; the first bucket takes two), made when first used.
  using Page = std::array<std::uint64_t, kSubBucketHalfCount>;
  std::array<std::unique_ptr<Page>, kBucketCount + 1> pages_;
  std::uint64_t total_ = 0;
};

}  // namespace tidegate
