// GET /v1/payments?key=K: what became of the request with this idempotency key. Found: it happened. Not found proves
// nothing: the request may still be on its way. `route` says which request: /v1/payments (the default) or
// /v1/payments/authorize-only.

#include "base/time.hpp"
#include "platform/gateway/payment_request.hpp"
#include "platform/gateway/payment_table.hpp"
#include "platform/gateway/problems.hpp"
#include "platform/gateway/routes/routes.hpp"
#include "platform/service/wall_clock.hpp"

namespace tidegate::platform {
namespace {

std::optional<KeyedRoute> route_of(const http::Request& request) {
  const auto route = keyed_route_from(request.query_parameter("route").value_or("/v1/payments"));
  return route == KeyedRoute::create_payment || route == KeyedRoute::authorize_only ? route : std::nullopt;
}

http::Response find_by_key(GatewayContext& context, const Principal& principal, const http::Request& request) {
  const auto key = request.query_parameter("key");
  if (!key || !is_idempotency_key(*key)) return malformed("The parameter key, an idempotency key, is required.");
  const auto route = route_of(request);
  if (!route) return malformed("route is /v1/payments or /v1/payments/authorize-only");
  const TenantScope scope{principal.merchant};
  Shard& shard = context.shards.of_merchant(principal.merchant);
  const auto meaning =
      shard.keys.find(*shard.reader, {scope.merchant, *route, *key}, shard.keyed->oldest_ms(lapse_now_ms()));
  if (!meaning) return store_unavailable();
  if (!*meaning) return payment_not_found();
  if ((*meaning)->subject == 0) {
    return typed_problem(404, (*meaning)->refusal, "The request with this key was refused; there is no payment.");
  }
  // Memory first, as for a read by id: the two must not disagree.
  http::Response response;
  if (const Payment* recent = shard.recent.find(scope, (*meaning)->subject); recent != nullptr) {
    response.body = status_json(*recent, 0);
    return response;
  }
  const auto payment = find_payment(*shard.reader, scope, (*meaning)->subject);
  if (!payment || !*payment) return store_unavailable();
  response.body = status_json(**payment, 0);
  return response;
}

}  // namespace

void add_find_payment(GatewayContext& context) {
  add_immediate_tenant_route(context, "GET", "/v1/payments",
                             [&context](const Principal& principal, const http::Request& request, std::string_view) {
                               return find_by_key(context, principal, request);
                             });
}

}  // namespace tidegate::platform
