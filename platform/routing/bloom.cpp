#include "platform/routing/bloom.hpp"

#include <bit>

#include "base/random.hpp"

namespace tidegate::platform {
namespace {

constexpr int kHashes = 7;
constexpr std::size_t kBitsPerText = 10;

}  // namespace

BloomFilter::BloomFilter(std::size_t expected)
    : words_(std::bit_ceil(expected * kBitsPerText / 64 + 1)), mask_(words_.size() * 64 - 1) {}

void BloomFilter::add(std::string_view text) {
  const std::uint64_t hash = stable_hash(text);
  const std::uint64_t step = (hash >> 33) | 1U;
  for (std::uint64_t i = 0; i < kHashes; ++i) {
    const std::uint64_t bit = (hash + i * step) & mask_;
    words_[bit / 64] |= std::uint64_t{1} << (bit % 64);
  }
}

bool BloomFilter::may_contain(std::string_view text) const noexcept {
  const std::uint64_t hash = stable_hash(text);
  const std::uint64_t step = (hash >> 33) | 1U;
  for (std::uint64_t i = 0; i < kHashes; ++i) {
    const std::uint64_t bit = (hash + i * step) & mask_;
    if ((words_[bit / 64] >> (bit % 64) & 1U) == 0) return false;
  }
  return true;
}

}  // namespace tidegate::platform
