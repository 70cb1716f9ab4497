#pragma once
// What may be done with a payment and what a report makes of it: the rules, without a database and without a clock.
//
//   client: refusal_of -> begin        acquirer, fraud, ledger: step_of_report        clock: step_of_expiry
//
// Each gives the payment as it will be; the table of transitions (payment_state.hpp) has the last word.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "platform/gateway/payment.hpp"

namespace tidegate::platform {

/// The business rule that an operation on this payment would break; empty: none. `amount`: what the client asks for;
/// nothing means all that is left.
std::string_view refusal_of(const Payment& payment, OperationKind kind, std::optional<std::int64_t> amount);
/// All that is left to capture, to refund, or to release.
std::int64_t rest_of(const Payment& payment, OperationKind kind) noexcept;
/// The state in which the payment waits for the acquirer.
PaymentState pending_state(OperationKind kind) noexcept;

/// A step of a payment and the event that tells of it.
struct PaymentStep {
  Payment after;
  std::string_view event;                   ///< type; empty: none
  std::int64_t amount = 0;                  ///< of the event: of this capture, this refund, or what was released
  std::int64_t total = 0;                   ///< of the event: captured or refunded so far
  bool final_capture = false;               ///< of the event: the rest of the authorization is released
  std::optional<OperationState> operation;  ///< what became of the operation
};

struct PaymentReport {
  std::string_view type;           ///< of the event
  std::string_view reason;         ///< of a decline or a refusal
  std::int64_t expires_at_ms = 0;  ///< of an authorization
};

/// Nothing: the report does not fit the payment as it is, and changes nothing. `operation`: the one that the report is
/// about, when it names one.
std::optional<PaymentStep> step_of_report(const Payment& payment, const Operation* operation,
                                          const PaymentReport& report);
/// The authorization lapses: what is left of it is released. Nothing: there is nothing to lapse.
std::optional<PaymentStep> step_of_expiry(const Payment& payment, std::int64_t now_ms);

}  // namespace tidegate::platform
