// POST /v1/payments. The order of the checks is part of the API: 401, 400, idempotency, business rules. What comes
// before idempotency is not stored with the key.

#include "platform/gateway/payment_request.hpp"
#include "platform/gateway/problems.hpp"
#include "platform/gateway/routes/authenticate.hpp"
#include "platform/gateway/routes/routes.hpp"
#include "platform/service/trace_context.hpp"

namespace tidegate::platform {
namespace {

/// The rule that the request breaks is found here and judged after idempotency: a repeat gets the stored result.
std::string broken_rule(const TenantDirectory& tenants, const PaymentCommand& command) {
  if (command.card == 0) return std::string(refusal::card_unknown);
  const Merchant* merchant = tenants.merchant(command.merchant);
  if (merchant == nullptr || merchant->currency != command.currency) return std::string(refusal::currency_not_enabled);
  return {};
}

PaymentCommand make_command(const TenantDirectory& tenants, const ApiKey& api_key, std::string_view key,
                            PaymentRequest request, std::string_view traceparent) {
  PaymentCommand command;
  command.merchant = api_key.merchant;
  command.api_key = api_key.id;
  command.key = key;
  command.amount = request.amount;
  command.currency = std::move(request.currency);
  command.card_token = std::move(request.card);
  const Card* card = tenants.card(command.merchant, command.card_token);
  command.card = card == nullptr ? 0 : card->id;
  command.refusal = broken_rule(tenants, command);
  command.traceparent = continue_trace(traceparent);
  return command;
}

asio::awaitable<http::Response> answer_at_once(http::Response response) {
  co_return response;
}

asio::awaitable<http::Response> create_payment(GatewayContext& context, const http::Request& request) {
  const ApiKey* api_key = authenticate(context.tenants, request);
  if (api_key == nullptr) return answer_at_once(unknown_api_key());
  const auto key = request.header("idempotency-key");
  if (!key || !is_idempotency_key(*key)) {
    return answer_at_once(
        typed_problem(400, "idempotency-key-missing",
                      "The header Idempotency-Key, of 1 to 255 visible ASCII characters, is required."));
  }
  auto body = parse_payment_request(request.body);
  if (!body) return answer_at_once(typed_problem(400, "malformed-request", body.error().message));
  const auto traceparent = request.header("traceparent").value_or(std::string_view{});
  return context.path.pay(make_command(context.tenants, *api_key, *key, std::move(*body), traceparent));
}

}  // namespace

void add_create_payment(ServiceRuntime& runtime, GatewayContext& context) {
  runtime.router().add("POST", "/v1/payments", [&context](const http::Request& request, std::string_view) {
    return create_payment(context, request);
  });
}

}  // namespace tidegate::platform
