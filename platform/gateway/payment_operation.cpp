#include "platform/gateway/payment_operation.hpp"

#include "platform/events/payment_events.hpp"
#include "platform/gateway/payment_rules.hpp"
#include "platform/gateway/payment_table.hpp"
#include "platform/gateway/problems.hpp"

namespace tidegate::platform {
namespace {

std::string_view command_event(OperationKind kind) {
  switch (kind) {
    case OperationKind::capture:
      return event_type::capture_requested;
    case OperationKind::refund:
      return event_type::refund_requested;
    case OperationKind::cancel:
      return event_type::cancel_requested;
  }
  return {};
}

class PaymentOperation final : public KeyedEffect {
 public:
  PaymentOperation(Shard& shard, OperationCommand command) : shard_(shard), command_(std::move(command)) {}

  Result<Written> write(Connection& connection, std::int64_t now_ms) override {
    auto payment = find_payment(connection, TenantScope{command_.merchant}, command_.payment);
    if (!payment) return payment.error();
    if (!*payment) return Written{0, std::string(refusal::payment_unknown)};
    if (const auto rule = refusal_of(**payment, command_.kind, command_.amount); !rule.empty()) {
      return Written{0, std::string(rule)};
    }
    if (auto begun = begin(connection, **payment, now_ms); !begun) return begun.error();
    return Written{operation_.id, {}};
  }

  Result<void> recall(Connection& connection, std::int64_t subject) override {
    auto operation = find_operation(connection, TenantScope{command_.merchant}, subject);
    if (!operation) return operation.error();
    if (!*operation) return internal_error("an idempotency key without its operation");
    operation_ = std::move(**operation);
    return {};
  }

  void committed() override {
    shard_.sequence.committed(change_.after.updated_sequence);
    shard_.outbox.committed(event_);
  }

  void landed() override { shard_.recent.change(change_); }

  http::Response accepted() const override {
    http::Response response;
    response.status = 202;
    response.body = accepted_json(operation_);
    response.headers.emplace_back("Location", "/v1/operations/" + operation_name(operation_.kind, operation_.id));
    return response;
  }

 private:
  Result<void> begin(Connection& connection, const Payment& payment, std::int64_t now_ms) {
    operation_.id = shard_.sequence.take(now_ms);
    operation_.payment = payment.id;
    operation_.merchant = payment.merchant;
    operation_.kind = command_.kind;
    operation_.amount = command_.amount.value_or(rest_of(payment, command_.kind));
    operation_.currency = payment.currency;
    operation_.final = command_.final;
    operation_.before = payment.state;
    operation_.key = command_.key;
    operation_.created_at_ms = operation_.updated_at_ms = now_ms;
    if (auto inserted = insert_operation(connection, operation_); !inserted) return inserted;

    Payment pending = payment;
    pending.state = pending_state(command_.kind);
    pending.operation = operation_.id;
    change_ = make_change(payment, std::move(pending), shard_.sequence.take(now_ms), now_ms);
    if (auto changed = apply_change(connection, change_); !changed) return changed;

    event_.type = command_event(command_.kind);
    event_.payment = payment_name(payment.id);
    event_.tenant = merchant_name(payment.merchant);
    event_.traceparent = command_.traceparent;
    PaymentCommandData data;
    data.command = operation_name(operation_.kind, operation_.id);
    data.amount = operation_.amount;
    data.currency = operation_.currency;
    data.final_capture = operation_.final;
    event_.data = data.to_data();
    return shard_.outbox.append(connection, event_);
  }

  Shard& shard_;
  const OperationCommand command_;
  Operation operation_;
  PaymentChange change_;
  Envelope event_;
};

}  // namespace

std::unique_ptr<KeyedEffect> make_payment_operation(Shard& shard, OperationCommand command) {
  return std::make_unique<PaymentOperation>(shard, std::move(command));
}

}  // namespace tidegate::platform
