#pragma once
// The states of a payment and the one table of legal transitions. The gateway's database is the only writer of a state.
//
//   processing --+--> authorized --> capture_pending --> captured --> settled --> refund_pending --> refunded
//                +--> captured, declined, cancelled, expired ...
//
// A *_pending state is left when the acquirer has answered: forward, or back to where it came from.
//
// Terminal: declined, cancelled, expired, refunded, conflicted. Nothing leaves them, whatever arrives late.

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace tidegate::platform {

/// The numbers are stored: never change or reuse one.
enum class PaymentState : std::uint8_t {
  processing = 1,
  requires_action = 2,
  authorized = 3,
  capture_pending = 4,
  partially_captured = 5,
  captured = 6,
  settled = 7,
  declined = 8,
  cancel_pending = 9,
  cancelled = 10,
  expired = 11,
  refund_pending = 12,
  refunded = 13,
  partially_refunded = 14,
  conflicted = 15,
};

std::span<const PaymentState> all_payment_states() noexcept;
/// As the API writes it: "processing".
std::string_view to_string(PaymentState state) noexcept;
std::optional<PaymentState> payment_state_from(std::int64_t stored) noexcept;

/// Whether the table has the step. A state is not a step from itself.
bool may_become(PaymentState from, PaymentState to) noexcept;
/// No step leaves it.
bool is_terminal(PaymentState state) noexcept;
/// Somebody is at work on it and it will become another: what a long poll waits out.
bool is_transient(PaymentState state) noexcept;

}  // namespace tidegate::platform
