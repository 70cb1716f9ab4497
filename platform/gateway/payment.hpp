#pragma once
// A payment as the gateway stores it, its public names, and its JSON.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "platform/gateway/payment_state.hpp"

namespace tidegate::platform {

struct Payment {
  std::int64_t id = 0;  ///< also its number in the order of commits
  std::int64_t merchant = 0;
  std::int64_t api_key = 0;
  std::int64_t card = 0;
  std::string key;          ///< the client's idempotency key
  std::int64_t amount = 0;  ///< minor units of the currency
  std::string currency;     ///< ISO 4217
  PaymentState state = PaymentState::processing;
  bool manual = false;             ///< authorized only; the client captures
  bool held = false;               ///< by the fraud rules, until they clear it
  std::int64_t captured = 0;       ///< of the amount, so far
  std::int64_t refunded = 0;       ///< of what was captured, so far
  std::int64_t operation = 0;      ///< the capture, refund or cancellation in progress; 0: none
  std::int64_t expires_at_ms = 0;  ///< of the authorization; 0: it does not lapse here
  std::string reason;              ///< of a decline
  std::int64_t created_at_ms = 0;
  std::int64_t updated_at_ms = 0;
  std::int64_t updated_sequence = 0;  ///< of the change that gave it its state
};

/// "pay_" and 16 lower-case hex digits.
std::string payment_name(std::int64_t id);
std::optional<std::int64_t> payment_from_name(std::string_view name);
/// "mer_" and at least 6 digits.
std::string merchant_name(std::int64_t id);
std::optional<std::int64_t> merchant_from_name(std::string_view name);

/// What an operation's name begins with is its kind: "cap_", "ref_", "can_", then 16 lower-case hex digits.
enum class OperationKind : std::uint8_t { capture = 1, refund = 2, cancel = 3 };  // the numbers are stored
std::string_view to_string(OperationKind kind) noexcept;
std::string operation_name(OperationKind kind, std::int64_t id);
/// Its number, whatever its kind.
std::optional<std::int64_t> operation_from_name(std::string_view name);

enum class OperationState : std::uint8_t { pending = 1, succeeded = 2, refused = 3 };  // the numbers are stored
std::string_view to_string(OperationState state) noexcept;

/// A capture, refund or cancellation that a client asked for.
struct Operation {
  std::int64_t id = 0;  ///< in the same order of commits as payments
  std::int64_t payment = 0;
  std::int64_t merchant = 0;
  OperationKind kind = OperationKind::capture;
  OperationState state = OperationState::pending;
  std::int64_t amount = 0;  ///< of a cancellation: what it releases
  std::string currency;
  bool final = false;                              ///< of a capture: the last one, the rest is released
  PaymentState before = PaymentState::processing;  ///< where the payment returns to when it is refused
  std::string key;                                 ///< the client's idempotency key
  std::string reason;                              ///< of a refusal
  std::int64_t created_at_ms = 0, updated_at_ms = 0;
};

/// What the request that made it was and is answered: the payment as it was created, also for repeats years later.
std::string created_json(const Payment& payment);
/// Its present state. `staleness_ms`: how old the answer may be.
std::string status_json(const Payment& payment, std::int64_t staleness_ms);
/// What the request that began it was and is answered.
std::string accepted_json(const Operation& operation);
/// Its present state.
std::string operation_json(const Operation& operation);

}  // namespace tidegate::platform
