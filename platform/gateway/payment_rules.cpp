#include "platform/gateway/payment_rules.hpp"

#include <array>

#include "platform/events/payment_events.hpp"
#include "platform/events/worker_events.hpp"
#include "platform/gateway/problems.hpp"

namespace tidegate::platform {
namespace {

using enum PaymentState;

bool may_begin(PaymentState state, OperationKind kind) {
  switch (kind) {
    case OperationKind::capture:
    case OperationKind::cancel:
      return state == authorized || state == partially_captured;
    case OperationKind::refund:
      return state == captured || state == settled || state == partially_refunded;
  }
  return false;
}

PaymentStep step(const Payment& payment, PaymentState to, std::string_view event, std::int64_t amount) {
  PaymentStep made;
  made.after = payment;
  made.after.state = to;
  made.event = event;
  made.amount = amount;
  return made;
}

/// The authorization, or what is left of it, is over.
std::optional<PaymentStep> lapse(const Payment& payment) {
  if (payment.state != authorized && payment.state != partially_captured) return std::nullopt;
  const PaymentState to = payment.captured > 0 ? captured : expired;
  return step(payment, to, event_type::payment_expired, payment.amount - payment.captured);
}

/// What the acquirer says of the payment as a whole.
std::optional<PaymentStep> step_of_charge(const Payment& payment, const PaymentReport& report) {
  if (report.type == event_type::acquirer_approved) {
    // More than the client asked for: the money moved without an order. People have to look at it.
    if (payment.manual) return step(payment, conflicted, event_type::payment_conflicted, payment.amount);
    PaymentStep made = step(payment, captured, event_type::payment_captured, payment.amount);
    made.after.captured = payment.amount;
    return made;
  }
  if (report.type == event_type::acquirer_authorized) {
    PaymentStep made = step(payment, authorized, event_type::payment_authorized, payment.amount);
    made.after.expires_at_ms = report.expires_at_ms;
    return made;
  }
  if (report.type == event_type::acquirer_declined) {
    PaymentStep made = step(payment, declined, event_type::payment_declined, payment.amount);
    made.after.reason = report.reason.empty() ? "unknown" : report.reason;
    return made;
  }
  if (report.type == event_type::acquirer_expired) return lapse(payment);
  if (report.type == event_type::acquirer_conflicted) {
    return step(payment, conflicted, event_type::payment_conflicted, payment.amount);
  }
  return std::nullopt;
}

PaymentStep step_of_capture(const Payment& payment, const Operation& operation) {
  PaymentStep made = step(payment, captured, event_type::payment_captured, operation.amount);
  made.after.captured += operation.amount;
  made.total = made.after.captured;
  made.final_capture = operation.final;
  if (!operation.final && made.after.captured < payment.amount) made.after.state = partially_captured;
  return made;
}

PaymentStep step_of_refund(const Payment& payment, const Operation& operation) {
  PaymentStep made = step(payment, refunded, event_type::payment_refunded, operation.amount);
  made.after.refunded += operation.amount;
  made.total = made.after.refunded;
  if (made.after.refunded < payment.captured) made.after.state = partially_refunded;
  return made;
}

PaymentStep step_of_cancellation(const Payment& payment, const Operation& operation) {
  const PaymentState to = payment.captured > 0 ? captured : cancelled;
  return step(payment, to, event_type::payment_cancelled, operation.amount);
}

struct OperationReport {
  std::string_view type;
  OperationKind kind;
  bool succeeded;
};
constexpr std::array kOperationReports{
    OperationReport{event_type::acquirer_captured, OperationKind::capture, true},
    OperationReport{event_type::acquirer_capture_refused, OperationKind::capture, false},
    OperationReport{event_type::acquirer_refunded, OperationKind::refund, true},
    OperationReport{event_type::acquirer_refund_refused, OperationKind::refund, false},
    OperationReport{event_type::acquirer_cancelled, OperationKind::cancel, true},
    OperationReport{event_type::acquirer_cancel_refused, OperationKind::cancel, false},
};

const OperationReport* find_operation_report(std::string_view type) {
  for (const OperationReport& known : kOperationReports) {
    if (known.type == type) return &known;
  }
  return nullptr;
}

PaymentStep step_of_success(const Payment& payment, const Operation& operation) {
  switch (operation.kind) {
    case OperationKind::capture:
      return step_of_capture(payment, operation);
    case OperationKind::refund:
      return step_of_refund(payment, operation);
    case OperationKind::cancel:
      return step_of_cancellation(payment, operation);
  }
  return {};
}

std::optional<PaymentStep> step_of_operation(const Payment& payment, const Operation& operation,
                                             const OperationReport& known) {
  // A repeat, a report on another payment's operation, or one on an operation that is over.
  if (operation.payment != payment.id || operation.kind != known.kind || payment.operation != operation.id ||
      operation.state != OperationState::pending) {
    return std::nullopt;
  }
  PaymentStep made = known.succeeded ? step_of_success(payment, operation)
                                     : step(payment, operation.before, event_type::operation_refused, operation.amount);
  made.after.operation = 0;
  made.operation = known.succeeded ? OperationState::succeeded : OperationState::refused;
  return made;
}

/// Sets the flag; the state stays.
std::optional<PaymentStep> step_of_fraud(const Payment& payment, bool hold) {
  if (payment.held == hold) return std::nullopt;
  PaymentStep made = step(payment, payment.state, {}, 0);
  made.after.held = hold;
  return made;
}

}  // namespace

std::int64_t rest_of(const Payment& payment, OperationKind kind) noexcept {
  return kind == OperationKind::refund ? payment.captured - payment.refunded : payment.amount - payment.captured;
}

PaymentState pending_state(OperationKind kind) noexcept {
  switch (kind) {
    case OperationKind::capture:
      return capture_pending;
    case OperationKind::refund:
      return refund_pending;
    case OperationKind::cancel:
      return cancel_pending;
  }
  return conflicted;
}

std::string_view refusal_of(const Payment& payment, OperationKind kind, std::optional<std::int64_t> amount) {
  if (payment.operation != 0) return refusal::operation_in_progress;
  if (!may_begin(payment.state, kind)) return refusal::state_does_not_allow;
  if (amount && *amount > rest_of(payment, kind)) return refusal::amount_exceeds_rest;
  return {};
}

std::optional<PaymentStep> step_of_report(const Payment& payment, const Operation* operation,
                                          const PaymentReport& report) {
  if (report.type == event_type::fraud_held) return step_of_fraud(payment, true);
  if (report.type == event_type::fraud_cleared) return step_of_fraud(payment, false);
  std::optional<PaymentStep> made;
  if (const OperationReport* known = find_operation_report(report.type); known != nullptr) {
    if (operation != nullptr) made = step_of_operation(payment, *operation, *known);
  } else if (report.type == event_type::ledger_settled) {
    made = step(payment, settled, event_type::payment_settled, payment.captured);
  } else {
    made = step_of_charge(payment, report);
  }
  if (made && !may_become(payment.state, made->after.state)) return std::nullopt;
  return made;
}

std::optional<PaymentStep> step_of_expiry(const Payment& payment, std::int64_t now_ms) {
  if (payment.expires_at_ms == 0 || payment.expires_at_ms > now_ms || payment.operation != 0) return std::nullopt;
  return lapse(payment);
}

}  // namespace tidegate::platform
