#include "platform/gateway/modern_path.hpp"

#include "platform/events/payment_events.hpp"
#include "platform/gateway/payment_request.hpp"
#include "platform/gateway/payment_table.hpp"

namespace tidegate::platform {
namespace {

Payment new_payment(const PaymentCommand& command, std::int64_t id, std::int64_t now_ms) {
  Payment payment;
  payment.id = payment.updated_sequence = id;
  payment.merchant = command.merchant;
  payment.api_key = command.api_key;
  payment.card = command.card;
  payment.key = command.key;
  payment.amount = command.amount;
  payment.currency = command.currency;
  payment.manual = command.manual;
  payment.created_at_ms = payment.updated_at_ms = now_ms;
  return payment;
}

Envelope created_event(const Payment& payment, const PaymentCommand& command) {
  Envelope event;
  event.type = event_type::payment_created;
  event.payment = payment_name(payment.id);
  event.tenant = merchant_name(payment.merchant);
  event.traceparent = command.traceparent;
  PaymentCreated data;
  data.amount = payment.amount;
  data.currency = payment.currency;
  data.card_token = command.card_token;
  data.client_key = payment.key;
  data.capture = !payment.manual;
  data.acquirers = command.acquirers;
  event.data = data.to_data();
  return event;
}

/// The effect of POST /v1/payments.
class CreatePayment final : public KeyedEffect {
 public:
  CreatePayment(Shard& shard, PaymentCommand command) : shard_(shard), command_(std::move(command)) {}

  Result<Written> write(Connection& connection, std::int64_t now_ms) override {
    if (!command_.refusal.empty()) return Written{0, command_.refusal};
    payment_ = new_payment(command_, shard_.sequence.take(now_ms), now_ms);
    if (auto inserted = insert_payment(connection, payment_); !inserted) return inserted.error();
    event_ = created_event(payment_, command_);
    if (auto appended = shard_.outbox.append(connection, event_); !appended) return appended.error();
    return Written{payment_.id, {}};
  }

  Result<void> recall(Connection& connection, std::int64_t subject) override {
    auto payment = find_payment(connection, TenantScope{command_.merchant}, subject);
    if (!payment) return payment.error();
    if (!*payment) return internal_error("an idempotency key without its payment");
    payment_ = std::move(**payment);
    return {};
  }

  void committed() override {
    shard_.sequence.committed(payment_.id);
    shard_.outbox.committed(event_);
  }

  void landed() override { shard_.recent.add(payment_); }

  http::Response accepted() const override {
    http::Response response;
    response.status = 202;
    response.body = created_json(payment_);
    response.headers.emplace_back("Location", "/v1/payments/" + payment_name(payment_.id));
    return response;
  }

 private:
  Shard& shard_;
  const PaymentCommand command_;
  Payment payment_;  // created, or the one that the key stands for
  Envelope event_;
};

}  // namespace

asio::awaitable<http::Response> ModernPath::pay(PaymentCommand command) {
  Shard& shard = shards_.of_merchant(command.merchant);
  KeyedRequest request;
  request.merchant = command.merchant;
  request.route = command.authorize_only ? KeyedRoute::authorize_only : KeyedRoute::create_payment;
  request.key = command.stored_key.empty() ? command.key : command.stored_key;
  request.fingerprint = fingerprint_of(command.amount, command.currency, command.card_token, command.manual);
  return shard.keyed->run(std::move(request), std::make_unique<CreatePayment>(shard, std::move(command)));
}

}  // namespace tidegate::platform
