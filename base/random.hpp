#pragma once
// Counter-based randomness: every value derives from (seed, stream, index, draw) and from nothing else, so plans and
// data do not depend on the number of loops or on who finished first.
// Source: Salmon et al., "Parallel random numbers: as easy as 1, 2, 3" (SC11), Philox4x32-10.

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace tidegate {

/// One Philox4x32-10 block.
std::array<std::uint32_t, 4> philox(std::array<std::uint32_t, 4> counter, std::array<std::uint32_t, 2> key) noexcept;

/// A 64-bit hash that is stable across builds and machines (FNV-1a folded through splitmix64), for names and keys.
std::uint64_t stable_hash(std::string_view text) noexcept;

/// The draws of one (seed, stream, index): a cheap value type. draw k is the same however many were taken before.
class Draws {
 public:
  Draws(std::uint64_t seed, std::uint64_t stream, std::uint64_t index) noexcept
      : seed_(seed), stream_(stream), index_(index) {}

  /// The k-th 64-bit value.
  std::uint64_t at(std::uint32_t k) const noexcept;
  /// The next one of a running counter that starts at 0.
  std::uint64_t next() noexcept { return at(position_++); }
  /// Uniform in [0, 1).
  double uniform() noexcept;
  /// Uniform in [low, high], both included, without modulo bias.
  std::int64_t between(std::int64_t low, std::int64_t high) noexcept;
  /// Exponential with mean 1.
  double exponential() noexcept;
  /// Standard normal.
  double normal() noexcept;
  /// A version-4 UUID (RFC 9562) of 36 characters.
  std::string uuid();
  /// The same, at the end of a text.
  void append_uuid(std::string& out);

 private:
  std::uint64_t seed_, stream_, index_;
  std::uint32_t position_ = 0;
};

/// Randomness from the operating system, for secrets (operator tokens): `bytes` bytes as lower-case hex.
std::string random_hex(std::size_t bytes);

}  // namespace tidegate
