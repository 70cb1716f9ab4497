#include "platform/service/trace_context.hpp"

#include <atomic>
#include <cstdint>

#include "base/random.hpp"

namespace tidegate::platform {
namespace {

constexpr std::size_t kLength = 55;
constexpr std::size_t kTraceAt = 3;
constexpr std::size_t kSpanAt = 36;

bool is_lower_hex(std::string_view text) noexcept {
  return text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

bool is_zero(std::string_view text) noexcept {
  return text.find_first_not_of('0') == std::string_view::npos;
}

/// Sixteen hex digits, never all zero, different at each call of this process and, by its seed, of others.
std::string next_span() {
  static const std::string seed = random_hex(16);
  static const std::uint64_t stream = stable_hash(seed);
  static std::atomic<std::uint64_t> counter{1};
  std::uint64_t bits = Draws(stream, 0, counter.fetch_add(1, std::memory_order_relaxed)).at(0) | 1U;
  std::string text(16, '0');
  for (auto digit = text.rbegin(); digit != text.rend(); ++digit, bits >>= 4) *digit = "0123456789abcdef"[bits & 15U];
  return text;
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
  if (is_traceparent(incoming)) {
    std::string next(incoming);
    next.replace(kSpanAt, 16, next_span());
    return next;
  }
  return "00-" + next_span() + next_span() + "-" + next_span() + "-01";
}

}  // namespace tidegate::platform
