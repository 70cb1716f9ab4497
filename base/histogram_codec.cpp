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
std::optional<std::int64_t> take(const unsigned char*& at, const unsigned char* end) {
  std::uint64_t raw = 0;
  for (int shift = 0; shift <= 56; shift += 7) {
    if (at == end) return std::nullopt;
    const std::uint64_t byte = *at++;
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

/// Calls visit(index, count) for each non-empty bucket, ascending. Returns what is wrong, or nullptr; what was visited
/// before the mistake was found must then not be used.
template <typename Visit>
const char* walk(std::span<const std::byte> bytes, Visit&& visit) {
  const auto* at = reinterpret_cast<const unsigned char*>(bytes.data());
  const auto* const end = at + bytes.size();
  if (at == end || static_cast<char>(*at) != kFormat) return "unknown format";
  ++at;
  const int highest = Histogram::index_of(Histogram::kHighestTrackable);
  std::int64_t index = 0;
  std::uint64_t total = 0;
  bool after_zeros = false;
  while (at != end) {
    const auto value = take(at, end);
    if (!value) return "a number is cut short or overlong";
    if (*value > 0) {
      if (index > highest) return "more counts than buckets";
      const auto count = static_cast<std::uint64_t>(*value);
      if (__builtin_add_overflow(total, count, &total)) return "the counts overflow";
      visit(static_cast<int>(index), count);
      ++index;
      after_zeros = false;
      continue;
    }
    if (after_zeros || *value == -1) return "a run of zeros is split";
    // Compared before it is negated: the most negative number has no opposite.
    if (*value < -kIndices) return "more counts than buckets";
    index += *value == 0 ? 1 : -*value;
    after_zeros = true;
  }
  return after_zeros ? "ends in zeros" : nullptr;
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
  Histogram out;
  const char* wrong = walk(bytes, [&](int index, std::uint64_t count) { out.record(lowest_of_index(index), count); });
  if (wrong != nullptr) return protocol_error(std::string("histogram: ") + wrong);
  return out;
}

std::optional<Histogram::Counts> Histogram::encoded_counts(std::span<const std::byte> bytes, std::uint64_t limit) {
  // Buckets lie without gaps, so the one that would hold the limit is the first that is not provably below it.
  const int first = index_of(limit);
  Counts counts;
  const char* wrong = walk(bytes, [&](int index, std::uint64_t count) {
    counts.total += count;
    if (index >= first) counts.at_or_over += count;
  });
  if (wrong != nullptr) return std::nullopt;
  return counts;
}

bool Histogram::merge_encoded(std::span<const std::byte> bytes) {
  if (walk(bytes, [](int, std::uint64_t) {}) != nullptr) return false;
  walk(bytes, [&](int index, std::uint64_t count) { record(lowest_of_index(index), count); });
  return true;
}

}  // namespace tidegate
