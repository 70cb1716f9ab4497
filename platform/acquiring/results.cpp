#include "platform/acquiring/results.hpp"

#include "platform/events/payment_events.hpp"
#include "platform/service/trace_context.hpp"

namespace tidegate::platform {
namespace {

Envelope event_about(const Attempt& attempt, std::string_view type, json::object data) {
  Envelope event;
  event.type = type;
  event.payment = attempt.payment;
  event.tenant = attempt.merchant;
  event.traceparent = continue_trace(attempt.traceparent);
  event.data = std::move(data);
  return event;
}

std::string_view type_of_command(AttemptKind kind, bool done) {
  switch (kind) {
    case AttemptKind::capture:
      return done ? event_type::acquirer_captured : event_type::acquirer_capture_refused;
    case AttemptKind::refund:
      return done ? event_type::acquirer_refunded : event_type::acquirer_refund_refused;
    case AttemptKind::cancel:
      return done ? event_type::acquirer_cancelled : event_type::acquirer_cancel_refused;
    case AttemptKind::charge:
      return done ? event_type::acquirer_approved : event_type::acquirer_declined;
    case AttemptKind::authorize:
      return done ? event_type::acquirer_authorized : event_type::acquirer_declined;
  }
  return {};
}

}  // namespace

Envelope result_event(const Attempt& attempt, const BankAnswer& answer, const std::optional<FxRate>& rate) {
  const bool done = answer.kind == BankAnswer::Kind::approved;
  const std::string_view type = type_of_command(attempt.kind, done);
  if (is_command(attempt.kind)) {
    CommandResult result{attempt.reference, attempt.amount, attempt.currency, done ? "" : answer.reason};
    return event_about(attempt, type, result.to_data());
  }
  AcquirerResult result{attempt.reference};
  result.acquirer = attempt.acquirer;
  if (!done) {
    result.reason = answer.reason;
    return event_about(attempt, type, result.to_data());
  }
  result.auth_code = answer.auth_code;
  result.expires_at_ms = answer.expires_at_ms;
  const auto converted = rate ? convert(attempt.amount, attempt.currency, attempt.settlement_currency, *rate)
                              : Result<std::int64_t>(usage_error("no rate"));
  if (converted) {
    result.fx_rate = rate->text();
    result.settlement_amount = *converted;
    result.settlement_currency = attempt.settlement_currency;
  }
  return event_about(attempt, type, result.to_data());
}

Envelope conflict_event(const Attempt& attempt, const std::string& reason) {
  AcquirerResult result{attempt.reference};
  result.reason = reason;
  result.acquirer = attempt.acquirer;
  return event_about(attempt, event_type::acquirer_conflicted, result.to_data());
}

Envelope expiry_event(const Attempt& attempt) {
  AcquirerResult result{attempt.reference};
  result.acquirer = attempt.acquirer;
  return event_about(attempt, event_type::acquirer_expired, result.to_data());
}

}  // namespace tidegate::platform
