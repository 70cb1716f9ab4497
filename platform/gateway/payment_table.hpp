#pragma once
// The statements on payments and their changes.

#include <cstdint>
#include <functional>
#include <optional>

#include "base/result.hpp"
#include "platform/gateway/payment.hpp"
#include "platform/store/store.hpp"

namespace tidegate::platform {

Result<void> insert_payment(Connection& connection, const Payment& payment);
Result<std::optional<Payment>> find_payment(Connection& connection, std::int64_t id);

/// One step of a payment's state.
struct PaymentChange {
  std::int64_t sequence = 0;
  std::int64_t payment = 0;
  PaymentState from = PaymentState::processing, to = PaymentState::processing;
  std::int64_t before_at_ms = 0;  ///< when the payment had got the state it leaves
  std::int64_t at_ms = 0;
};
/// Writes the step and its consequence. The caller has checked that it is legal.
Result<void> apply_change(Connection& connection, const PaymentChange& change);

/// The highest number in use, of a payment or of a change.
Result<std::int64_t> last_payment_sequence(Connection& connection);

/// Payments with `after` < id <= `as_of`, ascending, at most `limit`, each as it was after commit `as_of`.
Result<std::vector<Payment>> payments_as_of(Connection& connection, std::int64_t after, std::int64_t as_of,
                                            std::int64_t limit);

}  // namespace tidegate::platform
