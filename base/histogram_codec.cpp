// The compact form of a histogram. After one format byte come ZigZag/LEB128 integers as in HdrHistogram's V2 payload:
// a positive one is the next index' count, zero an empty index, a negative one a run of two or more empty indices. The
// last one is positive. There is exactly one form for each histogram, and decode refuses every other.

#include <optional>

#include "base/histogram.hpp"

namespace tidegate {
namespace {

constexpr char kFormat = 'H';
constexpr int kIndices = (Histogram::kBucketCount + 1) * Histogram::kSubBucketHalfCount;

void put(std::string& out, std::int64_t value) {
  // ZigZag: the sign goes to the lowest bit.
  std::uint64_t rest = (static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63);
  // Seven bits a byte; the ninth byte, if it comes to that, carries eight.
  for (int byte = 0; byte < 8; ++byte) {
    if (rest < 0x80) {
      out += static_cast<char>(rest);
      return;
    }
    out += static_cast<char>((rest & 0x7F) | 0x80);
    rest >>= 7;
  }
  out += static_cast<char>(rest);
}

/// Takes one integer off the front; nothing when it is cut short or longer than need be.
std::optional<std::int64_t> take(std::span<const std::byte>& bytes) {
  std::uint64_t raw = 0;
  for (int shift = 0; shift <= 56; shift += 7) {
    if (bytes.empty()) return std::nullopt;
    const auto byte = std::to_integer<std::uint64_t>(bytes.front());
    bytes = bytes.subspan(1);
    const bool last = shift == 56 || byte < 0x80;
    raw |= (shift == 56 ? byte : byte & 0x7F) << shift;
    if (!last) continue;
    if (byte == 0 && shift > 0) return std::nullopt;
    return static_cast<std::int64_t>(raw >> 1) ^ -static_cast<std::int64_t>(raw & 1);
  }
  return std::nullopt;
}

void put_zeros(std::string& out, int zeros) {
  if (zeros > 0) put(out, zeros == 1 ? 0 : -static_cast<std::int64_t>(zeros));
}

Error damaged(const char* how) {
  return protocol_error(std::string("histogram: ") + how);
}

}  // namespace

void Histogram::encode(std::string& out) const {
  out += kFormat;
  int next = 0;
  for_each([&](std::uint64_t lowest, std::uint64_t, std::uint64_t count) {
    const int index = index_of(lowest);
    put_zeros(out, index - next);
    put(out, static_cast<std::int64_t>(count));
    next = index + 1;
  });
}

Result<Histogram> Histogram::decode(std::span<const std::byte> bytes) {
  if (bytes.empty() || std::to_integer<char>(bytes.front()) != kFormat) return damaged("unknown format");
  bytes = bytes.subspan(1);
  Histogram out;
  std::int64_t index = 0;
  bool after_zeros = false;
  while (!bytes.empty()) {
    const auto value = take(bytes);
    if (!value) return damaged("a number is cut short or overlong");
    if (*value > 0) {
      if (index > index_of(kHighestTrackable)) return damaged("more counts than buckets");
      std::uint64_t total = 0;
      if (__builtin_add_overflow(out.total_, static_cast<std::uint64_t>(*value), &total)) {
        return damaged("the counts overflow");
      }
      out.record(lowest_of_index(static_cast<int>(index)), static_cast<std::uint64_t>(*value));
      ++index;
      after_zeros = false;
      continue;
    }
    if (after_zeros || *value == -1) return damaged("a run of zeros is split");
    // Compared before it is negated: the most negative number has no opposite.
    if (*value < -kIndices) return damaged("more counts than buckets");
    index += *value == 0 ? 1 : -*value;
    after_zeros = true;
  }
  if (after_zeros) return damaged("ends in zeros");
  return out;
}

}  // namespace tidegate
