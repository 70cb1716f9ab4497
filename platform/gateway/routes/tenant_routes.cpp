// What every client's request passes first: who is it, and may it send that much.

#include "base/time.hpp"
#include "platform/gateway/problems.hpp"
#include "platform/gateway/routes/routes.hpp"

namespace tidegate::platform {

asio::awaitable<http::Response> answer_at_once(http::Response response) {
  co_return response;
}

namespace {

RateLimiter::Decision take(GatewayContext& context, const Principal& principal) {
  const Merchant* merchant = context.tenants.merchant(principal.merchant);
  return context.limits.take(principal.merchant, merchant == nullptr ? "" : merchant->tier, monotonic_now());
}

/// The handler is the route's own and lives as long.
asio::awaitable<http::Response> serve(GatewayContext& context, const TenantHandler& handler,
                                      const http::Request& request, std::string_view parameter) {
  const auto principal = context.authenticator.authenticate(request);
  if (!principal) co_return unknown_api_key();
  const auto decision = take(context, *principal);
  if (!decision.allowed) co_return too_many_requests(decision);
  http::Response response = co_await handler(*principal, request, parameter);
  add_rate_limit_headers(response, decision);
  co_return response;
}

http::Response serve_at_once(GatewayContext& context, const ImmediateTenantHandler& handler,
                             const http::Request& request, std::string_view parameter) {
  const auto principal = context.authenticator.authenticate(request);
  if (!principal) return unknown_api_key();
  const auto decision = take(context, *principal);
  if (!decision.allowed) return too_many_requests(decision);
  http::Response response = handler(*principal, request, parameter);
  add_rate_limit_headers(response, decision);
  return response;
}

}  // namespace

void add_tenant_route(GatewayContext& context, std::string method, std::string pattern, TenantHandler handler) {
  context.runtime.router().add(
      std::move(method), std::move(pattern),
      [&context, handler = std::move(handler)](const http::Request& request, std::string_view parameter) {
        return serve(context, handler, request, parameter);
      });
}

void add_immediate_tenant_route(GatewayContext& context, std::string method, std::string pattern,
                                ImmediateTenantHandler handler) {
  context.runtime.router().add_immediate(
      std::move(method), std::move(pattern),
      [&context, handler = std::move(handler)](const http::Request& request, std::string_view parameter) {
        return serve_at_once(context, handler, request, parameter);
      });
}

}  // namespace tidegate::platform
