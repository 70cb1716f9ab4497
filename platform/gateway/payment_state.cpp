#include "platform/gateway/payment_state.hpp"

#include <array>
#include <initializer_list>

#include "base/assert.hpp"

namespace tidegate::platform {
namespace {

using enum PaymentState;

constexpr std::array kStates{processing, requires_action, authorized, capture_pending,    partially_captured,
                             captured,   settled,         declined,   cancel_pending,     cancelled,
                             expired,    refund_pending,  refunded,   partially_refunded, conflicted};

constexpr std::array<std::string_view, 15> kNames{
    "processing", "requires_action", "authorized", "capture_pending",    "partially_captured",
    "captured",   "settled",         "declined",   "cancel_pending",     "cancelled",
    "expired",    "refund_pending",  "refunded",   "partially_refunded", "conflicted"};
static_assert(kStates.size() == kNames.size());

using States = std::uint32_t;  // one bit per state

constexpr States bit(PaymentState state) {
  return States{1} << static_cast<unsigned>(state);
}

constexpr States any_of(std::initializer_list<PaymentState> states) {
  States bits = 0;
  for (const PaymentState state : states) bits |= bit(state);
  return bits;
}

/// The table: what each state may become.
constexpr States next_of(PaymentState state) {
  switch (state) {
    case processing:  // `captured` at once when authorization and capture are one call
      return any_of({requires_action, authorized, captured, declined, cancelled, expired, conflicted});
    case requires_action:
      return any_of({processing, declined, cancelled, expired});
    case authorized:
      return any_of({capture_pending, cancel_pending, expired, conflicted});
    case capture_pending:  // back to `authorized` when the acquirer refused the capture
      return any_of({authorized, partially_captured, captured, conflicted});
    case partially_captured:  // `captured` when the rest was cancelled or lapsed
      return any_of({capture_pending, cancel_pending, captured, conflicted});
    case captured:
      return any_of({settled, refund_pending, conflicted});
    case settled:
      return any_of({refund_pending});
    case cancel_pending:  // back when the acquirer refused to cancel; `captured`: the rest of a partial capture
      return any_of({authorized, partially_captured, captured, cancelled, conflicted});
    case refund_pending:  // back to where it came from when the refund was refused
      return any_of({captured, settled, partially_refunded, refunded, conflicted});
    case partially_refunded:
      return any_of({refund_pending});
    case declined:
    case cancelled:
    case expired:
    case refunded:
    case conflicted:
      return 0;
  }
  return 0;
}

}  // namespace

std::span<const PaymentState> all_payment_states() noexcept {
  return kStates;
}

std::string_view to_string(PaymentState state) noexcept {
  const auto index = static_cast<std::size_t>(state) - 1;
  TIDEGATE_ASSERT(index < kNames.size());
  return kNames[index];
}

std::optional<PaymentState> payment_state_from(std::int64_t stored) noexcept {
  if (stored < 1 || stored > static_cast<std::int64_t>(kStates.size())) return std::nullopt;
  return static_cast<PaymentState>(stored);
}

bool may_become(PaymentState from, PaymentState to) noexcept {
  return (next_of(from) & bit(to)) != 0;
}

bool is_terminal(PaymentState state) noexcept {
  return next_of(state) == 0;
}

bool is_transient(PaymentState state) noexcept {
  return (any_of({processing, capture_pending, cancel_pending, refund_pending}) & bit(state)) != 0;
}

}  // namespace tidegate::platform
