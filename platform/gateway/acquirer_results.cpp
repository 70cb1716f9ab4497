#include "platform/gateway/acquirer_results.hpp"

#include "base/log.hpp"
#include "base/time.hpp"
#include "platform/events/payment_events.hpp"
#include "platform/service/trace_context.hpp"

namespace tidegate::platform {
namespace {

std::optional<PaymentState> state_of_report(std::string_view type) {
  if (type == event_type::acquirer_approved) return PaymentState::captured;
  if (type == event_type::acquirer_declined) return PaymentState::declined;
  return std::nullopt;
}

Envelope finished_event(const Envelope& report, const Payment& payment, PaymentState state) {
  Envelope event;
  event.type = state == PaymentState::captured ? event_type::payment_captured : event_type::payment_declined;
  event.payment = payment_name(payment.id);
  event.tenant = merchant_name(payment.merchant);
  event.traceparent = continue_trace(report.traceparent);
  PaymentFinished data{payment.amount, payment.currency, ""};
  if (state == PaymentState::declined) data.reason = string_member(report.data, "reason").value_or("unknown");
  event.data = data.to_data();
  return event;
}

}  // namespace

AcquirerResults::AcquirerResults(Outbox& outbox, CommitSequence& sequence, Metrics& metrics,
                                 std::function<void(const PaymentChange&)> changed)
    : outbox_(outbox),
      sequence_(sequence),
      illegal_(metrics.counter("illegal_transitions_total", "Reports refused by the table of transitions.")),
      changed_(std::move(changed)) {}

Result<void> AcquirerResults::apply(Connection& connection, const Envelope& report) {
  const auto to = state_of_report(report.type);
  if (!to) return refuse(report, "an unknown type of report");
  const auto id = payment_from_name(report.payment);
  if (!id) return refuse(report, "not a payment's name");
  auto payment = find_payment(connection, *id);
  if (!payment) return payment.error();
  if (!*payment) return refuse(report, "no such payment");
  if (!may_become((*payment)->state, *to)) return refuse(report, to_string((*payment)->state));
  return step(connection, report, **payment, *to);
}

Result<void> AcquirerResults::step(Connection& connection, const Envelope& report, const Payment& payment,
                                   PaymentState to) {
  const auto now_ms = std::chrono::floor<std::chrono::milliseconds>(unix_now()).count();
  Step taken;
  taken.change = {sequence_.take(now_ms), payment.id, payment.state, to, payment.updated_at_ms, now_ms};
  if (auto changed = apply_change(connection, taken.change); !changed) return changed;
  taken.event = finished_event(report, payment, to);
  if (auto appended = outbox_.append(connection, taken.event); !appended) return appended;
  uncommitted_.insert_or_assign(report.id, std::move(taken));
  return {};
}

void AcquirerResults::applied(const Envelope& report) {
  const auto found = uncommitted_.find(report.id);
  if (found == uncommitted_.end()) return;  // it was refused
  const Step taken = std::move(found->second);
  uncommitted_.erase(found);
  sequence_.committed(taken.change.sequence);
  outbox_.committed(taken.event);
  changed_(taken.change);
}

Result<void> AcquirerResults::refuse(const Envelope& report, std::string_view why) {
  illegal_.add();
  log::warn("a report changes nothing", {{"type", report.type},
                                         {"payment", report.payment},
                                         {"why", std::string(why)},
                                         {"trace_id", std::string(trace_id(report.traceparent))}});
  return {};
}

}  // namespace tidegate::platform
