// POST /v1/payments and /v1/payments/authorize-only. The order of the checks is part of the API: 401, 429, 400,
// idempotency, business rules. What comes before idempotency is not stored with the key.

#include "base/random.hpp"
#include "platform/gateway/payment_request.hpp"
#include "platform/gateway/routes/keyed.hpp"
#include "platform/gateway/routes/routes.hpp"
#include "platform/service/trace_context.hpp"

namespace tidegate::platform {
namespace {

/// Of the routing decisions: how many, and how long they took.
struct RoutingCounters {
  Counter& decisions;
  Counter& nanoseconds;
  Counter& above_5ms;
};

/// The rule that the request breaks is found here and judged after idempotency: a repeat gets the stored result.
std::string broken_rule(const TenantDirectory& tenants, const PaymentCommand& command) {
  if (command.card == 0) return std::string(refusal::card_unknown);
  const Merchant* merchant = tenants.merchant(command.merchant);
  if (merchant == nullptr || merchant->currency != command.currency) return std::string(refusal::currency_not_enabled);
  return {};
}

void decide_route(const GatewayContext& context, const RoutingCounters& counters, PaymentCommand& command) {
  const Nanoseconds begin = monotonic_now();
  static const RoutingRules defaults = RoutingRules::defaults();
  const RoutingRules& rules = context.flags.on(flag::routing_rules) ? context.rules : defaults;
  const std::string merchant = merchant_name(command.merchant);
  Route route =
      rules.decide({merchant, command.card_token, command.currency, command.amount, stable_hash(command.key)});
  if (route.blocked) command.refusal = refusal::blocked_by_rule;
  command.acquirers = std::move(route.acquirers);
  const Nanoseconds took = monotonic_now() - begin;
  counters.decisions.add();
  counters.nanoseconds.add(static_cast<std::uint64_t>(took.count()));
  if (took > std::chrono::milliseconds(5)) counters.above_5ms.add();
}

PaymentCommand make_command(const GatewayContext& context, const Principal& principal, std::string_view key,
                            PaymentRequest request) {
  PaymentCommand command;
  command.merchant = principal.merchant;
  command.api_key = principal.api_key;
  command.key = key;
  command.amount = request.amount;
  command.currency = std::move(request.currency);
  command.card_token = std::move(request.card);
  command.manual = request.manual;
  const Card* card = context.tenants.card(command.merchant, command.card_token);
  command.card = card == nullptr ? 0 : card->id;
  command.refusal = broken_rule(context.tenants, command);
  return command;
}

asio::awaitable<http::Response> create_payment(GatewayContext& context, const RoutingCounters& counters,
                                               const Principal& principal, const http::Request& request,
                                               bool authorize_only) {
  if (!context.flags.on(flag::payments)) return answer_at_once(switched_off("New payments"));
  const auto key = idempotency_key(request);
  if (!key) return answer_at_once(key_missing());
  auto body = parse_payment_request(request.body);
  if (!body) return answer_at_once(malformed(body.error().message));
  PaymentCommand command = make_command(context, principal, *key, std::move(*body));
  command.authorize_only = authorize_only;
  command.manual = command.manual || authorize_only;
  command.traceparent = continue_trace(request.header("traceparent").value_or(std::string_view{}));
  if (command.refusal.empty()) decide_route(context, counters, command);
  return context.path.pay(std::move(command));
}

}  // namespace

void add_create_payment(GatewayContext& context) {
  Metrics& metrics = context.runtime.metrics();
  const RoutingCounters counters{
      metrics.counter("routing_decisions_total", "Payments that were given a route."),
      metrics.counter("routing_decision_nanoseconds_total", "Time spent on deciding routes."),
      metrics.counter("routing_decisions_above_5ms_total", "Decisions that took more than 5 ms.")};
  for (const bool authorize_only : {false, true}) {
    add_tenant_route(context, "POST", authorize_only ? "/v1/payments/authorize-only" : "/v1/payments",
                     [&context, counters, authorize_only](const Principal& principal, const http::Request& request,
                                                          std::string_view) {
                       return create_payment(context, counters, principal, request, authorize_only);
                     });
  }
}

}  // namespace tidegate::platform
