// The routes of other services that clients reach through the gateway: authenticated, limited and validated here, then
// passed on under the same path to the service that owns the data, which keeps the idempotency key in the transaction
// of its effect. The owner is told who asks in `Tidegate-Tenant`; what a client sends under that name is not passed on.

#include <array>

#include "platform/gateway/routes/keyed.hpp"
#include "platform/gateway/routes/pass_on.hpp"
#include "platform/gateway/routes/routes.hpp"
#include "platform/service/problem.hpp"
#include "platform/service/trace_context.hpp"

namespace tidegate::platform {
namespace {

enum class Caller {
  tenant,     ///< with an API key
  keyed,      ///< a tenant with an Idempotency-Key
  operator_,  ///< with the operator's token
  provider,   ///< an acquirer, with a signature that the owner checks
};

struct PassedOn {
  const char* method;
  const char* pattern;
  const char* peer;
  Caller caller;
};

constexpr std::array kRoutes{
    PassedOn{"POST", "/v1/wallets", "ledger.http", Caller::keyed},
    PassedOn{"GET", "/v1/wallets/{id}", "ledger.http", Caller::tenant},
    PassedOn{"POST", "/v1/wallets/{id}/debit", "ledger.http", Caller::keyed},
    PassedOn{"POST", "/v1/wallets/{id}/credit", "ledger.http", Caller::keyed},
    PassedOn{"GET", "/v1/ledger/entries", "ledger.http", Caller::operator_},
    PassedOn{"POST", "/v1/payouts", "payouts.http", Caller::keyed},
    PassedOn{"GET", "/v1/payouts/{id}", "payouts.http", Caller::tenant},
    PassedOn{"POST", "/v1/payout-batches", "payouts.http", Caller::keyed},
    PassedOn{"GET", "/v1/payout-batches/{id}", "payouts.http", Caller::tenant},
    PassedOn{"POST", "/v1/provider-callbacks/{acquirer}", "acquiring.http", Caller::provider},
    PassedOn{"POST", "/v1/webhook-endpoints", "notification.http", Caller::tenant},
    PassedOn{"GET", "/v1/webhook-endpoints", "notification.http", Caller::tenant},
    PassedOn{"DELETE", "/v1/webhook-endpoints/{id}", "notification.http", Caller::tenant},
    PassedOn{"POST", "/v1/messages", "notification.http", Caller::keyed},
    PassedOn{"GET", "/v1/dead-letters", "notification.http", Caller::operator_},
    PassedOn{"POST", "/v1/dead-letters/replay", "notification.http", Caller::operator_},
    PassedOn{"POST", "/v1/reconciliations", "reconciliation.http", Caller::operator_},
    PassedOn{"GET", "/v1/reconciliations/{id}", "reconciliation.http", Caller::operator_},
    PassedOn{"GET", "/v1/reconciliations/{id}/report", "reconciliation.http", Caller::operator_},
    PassedOn{"GET", "/v1/audit/log", "audit.http", Caller::operator_},
};

constexpr Nanoseconds kLimit = std::chrono::seconds(10);
/// Of the client's own headers, what an owner may see.
constexpr std::array<std::string_view, 4> kPassedHeaders{"idempotency-key", "webhook-id", "webhook-timestamp",
                                                         "webhook-signature"};

http::Response owner_away() {
  http::Response response =
      typed_problem(503, "service-unavailable", "The service that owns this does not answer. Send it again.");
  response.headers.emplace_back("Retry-After", "1");
  return response;
}

/// The answer as it came, without the headers of that connection.
http::Response take_over(http::Response answer) {
  http::Response response;
  response.status = answer.status;
  response.body = std::move(answer.body);
  for (auto& [name, value] : answer.headers) {
    if (http::same_name(name, "content-type")) response.content_type = value;
    for (const std::string_view kept : {"location", "retry-after", "idempotent-replayed", "content-disposition"}) {
      if (http::same_name(name, kept)) response.headers.emplace_back(name, std::move(value));
    }
  }
  return response;
}

}  // namespace

http::ClientRequest make_passed_request(const GatewayContext& context, const http::Request& request,
                                        const std::optional<Principal>& principal) {
  http::ClientRequest passed;
  passed.method = request.method;
  passed.target = std::string(request.path) + (request.query.empty() ? "" : "?" + std::string(request.query));
  passed.body = request.body;
  for (const std::string_view name : kPassedHeaders) {
    if (const auto value = request.header(name)) passed.headers.emplace_back(name, *value);
  }
  passed.headers.emplace_back("Authorization", "Bearer " + context.runtime.options().operator_token);
  if (principal) passed.headers.emplace_back("Tidegate-Tenant", merchant_name(principal->merchant));
  passed.headers.emplace_back("traceparent", continue_trace(request.header("traceparent").value_or("")));
  return passed;
}

asio::awaitable<http::Response> pass_on(GatewayContext& context, std::string peer, http::ClientRequest request) {
  const auto client = context.clients.client(peer);
  if (!client) co_return owner_away();
  auto answer = co_await (*client)->send(std::move(request), kLimit);
  if (!answer) co_return owner_away();
  co_return take_over(std::move(*answer));
}

namespace {

void add_for_tenant(GatewayContext& context, const PassedOn& route) {
  add_tenant_route(context, route.method, route.pattern,
                   [&context, &route](const Principal& principal, const http::Request& request, std::string_view) {
                     if (route.caller == Caller::keyed && !idempotency_key(request))
                       return answer_at_once(key_missing());
                     return pass_on(context, route.peer, make_passed_request(context, request, principal));
                   });
}

void add_for_others(GatewayContext& context, const PassedOn& route) {
  const bool with_token = route.caller == Caller::operator_;
  RouteHandler handler = [&context, &route](const http::Request& request, std::string_view) {
    return pass_on(context, route.peer, make_passed_request(context, request, std::nullopt));
  };
  if (with_token) handler = context.runtime.operator_only(std::move(handler));
  context.runtime.router().add(route.method, route.pattern, std::move(handler));
}

}  // namespace

void add_passed_on(GatewayContext& context) {
  for (const PassedOn& route : kRoutes) {
    const bool of_tenant = route.caller == Caller::tenant || route.caller == Caller::keyed;
    (of_tenant ? add_for_tenant : add_for_others)(context, route);
  }
}

}  // namespace tidegate::platform
