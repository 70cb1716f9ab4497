#include "platform/gateway/payment_reports.hpp"

#include "base/log.hpp"
#include "base/time.hpp"
#include "platform/events/payment_events.hpp"
#include "platform/events/worker_events.hpp"
#include "platform/service/trace_context.hpp"
#include "platform/service/wall_clock.hpp"

namespace tidegate::platform {
namespace {

Envelope event_of(const PaymentStep& step, const Operation* operation, const Envelope& report) {
  Envelope event;
  event.type = step.event;
  event.payment = payment_name(step.after.id);
  event.tenant = merchant_name(step.after.merchant);
  event.traceparent = continue_trace(report.traceparent);
  PaymentFinished data;
  data.amount = step.amount;
  data.currency = step.after.currency;
  data.final_capture = step.final_capture;
  if (operation != nullptr) {
    data.reference = operation_name(operation->kind, operation->id);
    data.total = step.total;
  }
  if (step.event == event_type::payment_declined) data.reason = step.after.reason;
  if (step.event == event_type::payment_authorized) data.expires_at_ms = step.after.expires_at_ms;
  if (step.event == event_type::operation_refused) {
    data.reason = string_member(report.data, "reason").value_or("unknown");
    data.status = to_string(step.after.state);
  }
  event.data = data.to_data();
  return event;
}

/// Fraud clears nearly every payment, and nearly none of them was held.
bool says_what_is_so(const Payment& payment, std::string_view type) {
  return (type == event_type::fraud_cleared && !payment.held) || (type == event_type::fraud_held && payment.held);
}

Result<std::optional<Operation>> operation_of(Connection& connection, const Envelope& report) {
  const auto name = string_member(report.data, "command");
  const auto id = name ? operation_from_name(*name) : std::nullopt;
  if (!id) return std::optional<Operation>();
  return find_any_operation(connection, *id);
}

}  // namespace

PaymentReports::PaymentReports(Outbox& outbox, CommitSequence& sequence, Metrics& metrics,
                               std::function<void(PaymentChange)> changed)
    : outbox_(outbox),
      sequence_(sequence),
      illegal_(metrics.counter("illegal_transitions_total", "Reports refused by the table of transitions.")),
      changed_(std::move(changed)) {}

Result<void> PaymentReports::apply(Connection& connection, const Envelope& report) {
  const auto id = payment_from_name(report.payment);
  if (!id) return refuse(report, "not a payment's name");
  auto payment = find_any_payment(connection, *id);
  if (!payment) return payment.error();
  if (!*payment) return refuse(report, "no such payment");
  if (says_what_is_so(**payment, report.type)) return {};
  auto operation = operation_of(connection, report);
  if (!operation) return operation.error();
  const Operation* named = *operation ? &**operation : nullptr;

  const std::string reason = string_member(report.data, "reason").value_or("");
  const std::int64_t expires_at_ms = integer_member(report.data, "expires_at_ms").value_or(0);
  auto step = step_of_report(**payment, named, {report.type, reason, expires_at_ms});
  if (!step) return refuse(report, to_string((*payment)->state));
  return take(connection, **payment, std::move(*step), named, report, report.id);
}

Result<void> PaymentReports::take(Connection& connection, const Payment& before, PaymentStep step,
                                  const Operation* operation, const Envelope& report, const std::string& name) {
  const std::int64_t now_ms = wall_now_ms();
  Step taken{make_change(before, step.after, sequence_.take(now_ms), now_ms), std::nullopt};
  if (auto changed = apply_change(connection, taken.change); !changed) return changed;
  if (step.operation && operation != nullptr) {
    const std::string reason =
        *step.operation == OperationState::refused ? string_member(report.data, "reason").value_or("unknown") : "";
    if (auto ended = end_operation(connection, operation->id, *step.operation, reason, now_ms); !ended) return ended;
  }
  if (!step.event.empty()) {
    taken.event = event_of(step, operation, report);
    if (auto appended = outbox_.append(connection, *taken.event); !appended) return appended;
  }
  uncommitted_.insert_or_assign(name, std::move(taken));
  return {};
}

void PaymentReports::applied(const Envelope& report) {
  tell(report.id);
}

void PaymentReports::tell(const std::string& name) {
  const auto found = uncommitted_.find(name);
  if (found == uncommitted_.end()) return;  // it was refused
  Step taken = std::move(found->second);
  uncommitted_.erase(found);
  sequence_.committed(taken.change.after.updated_sequence);
  if (taken.event) outbox_.committed(*taken.event);
  changed_(std::move(taken.change));
}

Result<void> PaymentReports::expire(Connection& connection, std::int64_t id, std::int64_t now_ms,
                                    const std::string& name) {
  uncommitted_.erase(name);
  auto payment = find_any_payment(connection, id);
  if (!payment) return payment.error();
  if (!*payment) return {};
  auto step = step_of_expiry(**payment, now_ms);
  if (!step) return {};  // somebody was faster
  return take(connection, **payment, std::move(*step), nullptr, Envelope{}, name);
}

Result<void> PaymentReports::refuse(const Envelope& report, std::string_view why) {
  illegal_.add();
  log::warn("a report changes nothing", {{"type", report.type},
                                         {"payment", report.payment},
                                         {"why", std::string(why)},
                                         {"trace_id", std::string(trace_id(report.traceparent))}});
  return {};
}

}  // namespace tidegate::platform
