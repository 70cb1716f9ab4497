#include "platform/service/trace_context.hpp"

#include <algorithm>
#include <atomic>
#include <cstdint>

#include "base/random.hpp"

namespace tidegate::platform {
namespace {

constexpr std::size_t kLength = 55;
constexpr std::size_t kTraceAt = 3;
constexpr std::size_t kSpanAt = 36;

bool is_lower_hex(std::string_view text) noexcept {
  return std::ranges::all_of(text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

bool is_zero(std::string_view text) noexcept {
  return text.find_first_not_of('0') == std::string_view::npos;
}

/// Writes sixteen hex digits, never all zero, different at each call of this process and, by its seed, of others.
void write_next_id(char* to) {
  static const std::string seed = random_hex(16);
  static const std::uint64_t stream = stable_hash(seed);
  static std::atomic<std::uint64_t> counter{1};
  std::uint64_t bits = Draws(stream, 0, counter.fetch_add(1, std::memory_order_relaxed)).at(0) | 1U;
  for (char* digit = to + 16; digit-- != to; bits >>= 4) *digit = "0123456789abcdef"[bits & 15U];
}

}  // namespace

bool is_traceparent(std::string_view text) noexcept {
  if (text.size() != kLength || text.substr(0, 3) != "00-" || text[kSpanAt - 1] != '-' || text[52] != '-') return false;
  const std::string_view trace = text.substr(kTraceAt, 32);
  const std::string_view span = text.substr(kSpanAt, 16);
  return is_lower_hex(trace) && is_lower_hex(span) && is_lower_hex(text.substr(53)) && !is_zero(trace) &&
         !is_zero(span);
}

std::string_view trace_id(std::string_view traceparent) noexcept {
  return is_traceparent(traceparent) ? traceparent.substr(kTraceAt, 32) : std::string_view{};
}

std::string continue_trace(std::string_view incoming) {
  const bool goes_on = is_traceparent(incoming);
  std::string next(goes_on ? incoming : "00-0123456789abcdef0123456789abcdef-0123456789abcdef-01");
  if (!goes_on) {
    write_next_id(&next[kTraceAt]);
    write_next_id(&next[kTraceAt + 16]);
  }
  write_next_id(&next[kSpanAt]);
  return next;
}

}  // namespace tidegate::platform
