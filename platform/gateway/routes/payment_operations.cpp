// POST /v1/payments/{id}/capture, /refund and /cancel: 202 with the operation, which the acquiring worker carries out.
// Idempotency comes before business rules: a repeat gets the stored result, whatever the payment's state is by now.

#include "platform/gateway/payment_operation.hpp"
#include "platform/gateway/payment_request.hpp"
#include "platform/gateway/routes/keyed.hpp"
#include "platform/gateway/routes/routes.hpp"
#include "platform/service/trace_context.hpp"

namespace tidegate::platform {
namespace {

KeyedRoute route_of(OperationKind kind) {
  switch (kind) {
    case OperationKind::capture:
      return KeyedRoute::capture_payment;
    case OperationKind::refund:
      return KeyedRoute::refund_payment;
    case OperationKind::cancel:
      return KeyedRoute::cancel_payment;
  }
  return KeyedRoute::capture_payment;
}

asio::awaitable<http::Response> operate(GatewayContext& context, OperationKind kind, const Principal& principal,
                                        const http::Request& request, std::string_view name) {
  if (!context.flags.on(flag::operations)) return answer_at_once(switched_off("Captures, refunds and cancellations"));
  const auto key = idempotency_key(request);
  if (!key) return answer_at_once(key_missing());
  const auto body = parse_operation_request(request.body, kind);
  if (!body) return answer_at_once(malformed(body.error().message));
  const auto id = payment_from_name(name);
  if (!id) return answer_at_once(payment_not_found());

  OperationCommand command;
  command.merchant = principal.merchant;
  command.payment = *id;
  command.kind = kind;
  command.amount = body->amount;
  command.final = body->final;
  command.key = *key;
  command.traceparent = continue_trace(request.header("traceparent").value_or(std::string_view{}));
  // By merchant, not by payment: keys of one merchant meet in one database.
  Shard& shard = context.shards.of_merchant(principal.merchant);
  KeyedRequest keyed{principal.merchant, route_of(kind), command.key, fingerprint_of(*id, *body)};
  return shard.keyed->run(std::move(keyed), make_payment_operation(shard, std::move(command)));
}

}  // namespace

void add_payment_operations(GatewayContext& context) {
  for (const auto kind : {OperationKind::capture, OperationKind::refund, OperationKind::cancel}) {
    add_tenant_route(context, "POST", std::string(path_of(route_of(kind))),
                     [&context, kind](const Principal& principal, const http::Request& request, std::string_view name) {
                       return operate(context, kind, principal, request, name);
                     });
  }
}

}  // namespace tidegate::platform
