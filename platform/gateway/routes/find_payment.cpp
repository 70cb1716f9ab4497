// GET /v1/payments?key=K: what became of the request with this idempotency key. Found: it happened. Not found proves
// nothing: the request may still be on its way.

#include "platform/gateway/idempotency.hpp"
#include "platform/gateway/payment_request.hpp"
#include "platform/gateway/payment_table.hpp"
#include "platform/gateway/problems.hpp"
#include "platform/gateway/routes/authenticate.hpp"
#include "platform/gateway/routes/routes.hpp"

namespace tidegate::platform {
namespace {

http::Response find_by_key(GatewayContext& context, const http::Request& request) {
  const ApiKey* api_key = authenticate(context.tenants, request);
  if (api_key == nullptr) return unknown_api_key();
  const auto key = request.query_parameter("key");
  if (!key || !is_idempotency_key(*key)) {
    return typed_problem(400, "malformed-request", "The parameter key, an idempotency key, is required.");
  }
  const auto meaning = find_key(context.reader, api_key->merchant, KeyedRoute::create_payment, *key);
  if (!meaning) return store_unavailable();
  if (!*meaning) return payment_not_found();
  if ((*meaning)->payment == 0) {
    return typed_problem(404, (*meaning)->refusal, "The request with this key was refused; there is no payment.");
  }
  // Memory first, as for a read by id: the two must not disagree.
  http::Response response;
  if (const Payment* recent = context.recent.find((*meaning)->payment); recent != nullptr) {
    response.body = status_json(*recent, 0);
    return response;
  }
  const auto payment = find_payment(context.reader, (*meaning)->payment);
  if (!payment || !*payment) return store_unavailable();
  response.body = status_json(**payment, 0);
  return response;
}

}  // namespace

void add_find_payment(ServiceRuntime& runtime, GatewayContext& context) {
  runtime.router().add_immediate("GET", "/v1/payments", [&context](const http::Request& request, std::string_view) {
    return find_by_key(context, request);
  });
}

}  // namespace tidegate::platform
