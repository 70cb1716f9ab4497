#pragma once
// The gateway's HTTP routes, one file each. /healthz, /readyz and /metrics come with the runtime.

#include <functional>
#include <memory>
#include <string>

#include "platform/cache/cache.hpp"
#include "platform/gateway/authenticator.hpp"
#include "platform/gateway/capacity.hpp"
#include "platform/gateway/feature_flags.hpp"
#include "platform/gateway/payment_path.hpp"
#include "platform/gateway/rate_limits.hpp"
#include "platform/gateway/read_side.hpp"
#include "platform/gateway/shards.hpp"
#include "platform/gateway/status_answers.hpp"
#include "platform/gateway/tenants.hpp"
#include "platform/routing/rules.hpp"
#include "platform/service/peer_clients.hpp"
#include "platform/service/runtime.hpp"

namespace tidegate::platform {

/// What routes work with; all of it on the service's loop.
struct GatewayContext {
  ServiceRuntime& runtime;
  Shards& shards;
  TenantDirectory& tenants;
  const Authenticator& authenticator;
  Cache& cache;
  FeatureFlags& flags;
  RateLimiter& limits;
  Capacity& capacity;
  RoutingRules& rules;
  PaymentPath& path;
  PeerClients& clients;
  ReadSide& reads;
  StatusAnswers& statuses;
  bool stopping = false;  ///< long polls are answered with what there is
};

/// For a handler that has its answer without waiting.
asio::awaitable<http::Response> answer_at_once(http::Response response);

/// For an authenticated client within its rate limit; else 401 and 429, in this order.
using TenantHandler =
    std::function<asio::awaitable<http::Response>(const Principal&, const http::Request&, std::string_view)>;
using ImmediateTenantHandler = std::function<http::Response(const Principal&, const http::Request&, std::string_view)>;
void add_tenant_route(GatewayContext& context, std::string method, std::string pattern, TenantHandler handler);
void add_immediate_tenant_route(GatewayContext& context, std::string method, std::string pattern,
                                ImmediateTenantHandler handler);

/// `context` outlives the runtime's run().
void add_create_payment(GatewayContext& context);      // POST /v1/payments, /v1/payments/authorize-only
void add_payment_operations(GatewayContext& context);  // POST /v1/payments/{id}/capture, refund, cancel
void add_read_payment(GatewayContext& context);        // GET /v1/payments/{id}
void add_read_operations(GatewayContext& context);     // GET /v1/payments/{id}/operations, /v1/operations/{id}
void add_find_payment(GatewayContext& context);        // GET /v1/payments?key=
void add_export_payments(GatewayContext& context);     // GET /v1/payments/export
void add_void_key(GatewayContext& context);            // POST /v1/idempotency-keys/{key}/void
void add_merchants(GatewayContext& context);           // GET, POST /admin/merchants
void add_api_keys(GatewayContext& context);            // GET, POST /admin/keys, DELETE /admin/keys/{id}
void add_settings(GatewayContext& context);            // GET, PUT /admin/feature-flags, rate-limits, capacity, ...
void add_evict_cache(GatewayContext& context);         // POST /admin/cache/evict
void add_events(GatewayContext& context);              // GET /v1/events/export, /v1/consumers/{group}/applied
void add_outbox(GatewayContext& context);              // GET /internal/outbox/...
void add_passed_on(GatewayContext& context);           // wallets, payouts, webhooks, reconciliations, ...
void add_card_tokens(GatewayContext& context);         // /v1/tokens
void add_openapi(GatewayContext& context);             // GET /openapi.json

}  // namespace tidegate::platform
