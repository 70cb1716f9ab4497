// POST /v1/idempotency-keys/{key}/void?route=/v1/payments: fences a key that was never seen. 200: no request with it
// will be accepted any more (in the key's lifetime), so what has not happened by now never will. 409: it was seen, and
// stands for its result. This is how a client ends the doubt about a request whose answer it lost.

#include "platform/gateway/payment_request.hpp"
#include "platform/gateway/problems.hpp"
#include "platform/gateway/routes/routes.hpp"

namespace tidegate::platform {
namespace {

asio::awaitable<http::Response> void_key(GatewayContext& context, const Principal& principal,
                                         const http::Request& request, std::string_view raw_key) {
  const std::string key = http::percent_decode(raw_key);
  if (!is_idempotency_key(key)) return answer_at_once(malformed("the path names no idempotency key"));
  const auto route = keyed_route_from(request.query_parameter("route").value_or("/v1/payments"));
  if (!route)
    return answer_at_once(malformed("route is the path of a request with keys, as /v1/payments/{id}/capture"));
  return context.shards.of_merchant(principal.merchant).keyed->void_key({principal.merchant, *route, key, 0});
}

}  // namespace

void add_void_key(GatewayContext& context) {
  add_tenant_route(context, "POST", "/v1/idempotency-keys/{key}/void",
                   [&context](const Principal& principal, const http::Request& request, std::string_view key) {
                     return void_key(context, principal, request, key);
                   });
}

}  // namespace tidegate::platform
