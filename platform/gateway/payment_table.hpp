#pragma once
// The statements on payments, their operations and their changes.

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "base/result.hpp"
#include "platform/gateway/payment.hpp"
#include "platform/gateway/tenant_scope.hpp"
#include "platform/store/store.hpp"

namespace tidegate::platform {

Result<void> insert_payment(Connection& connection, const Payment& payment);
/// For clients: another merchant's payment does not exist.
Result<std::optional<Payment>> find_payment(Connection& connection, TenantScope scope, std::int64_t id);
/// For the gateway's own work: whoever's it is.
Result<std::optional<Payment>> find_any_payment(Connection& connection, std::int64_t id);

/// One step of a payment. `after` has the step's sequence and time.
struct PaymentChange {
  Payment before, after;
};
/// `after` with the step's number and time.
PaymentChange make_change(const Payment& before, Payment after, std::int64_t sequence, std::int64_t now_ms);
/// Writes the step and its consequence. The caller has checked that it is legal.
Result<void> apply_change(Connection& connection, const PaymentChange& change);

Result<void> insert_operation(Connection& connection, const Operation& operation);
Result<std::optional<Operation>> find_operation(Connection& connection, TenantScope scope, std::int64_t id);
Result<std::optional<Operation>> find_any_operation(Connection& connection, std::int64_t id);
/// Of one payment, oldest first.
Result<std::vector<Operation>> operations_of(Connection& connection, TenantScope scope, std::int64_t payment);
Result<void> end_operation(Connection& connection, std::int64_t id, OperationState state, std::string_view reason,
                           std::int64_t at_ms);

/// The highest number in use, of a payment, an operation or a change.
Result<std::int64_t> last_payment_sequence(Connection& connection);

/// Payments with `after` < id <= `as_of`, ascending, at most `limit`, each as it was after commit `as_of`.
Result<std::vector<Payment>> payments_as_of(Connection& connection, std::int64_t after, std::int64_t as_of,
                                            std::int64_t limit);

/// Authorizations that have lapsed by now and wait to be told so, at most `limit`.
Result<std::vector<std::int64_t>> lapsed_payments(Connection& connection, std::int64_t now_ms, std::int64_t limit);

}  // namespace tidegate::platform
