// GET /v1/operations/{id} and GET /v1/payments/{id}/operations: what became of captures, refunds and cancellations.

#include "platform/gateway/payment_table.hpp"
#include "platform/gateway/problems.hpp"
#include "platform/gateway/routes/routes.hpp"
#include "platform/service/problem.hpp"

namespace tidegate::platform {
namespace {

http::Response read_operation(GatewayContext& context, const Principal& principal, std::string_view name) {
  const auto not_found = [] { return problem(404, "This merchant has no such operation."); };
  const auto id = operation_from_name(name);
  Shard* shard = id ? context.shards.of_payment(*id) : nullptr;
  if (shard == nullptr) return not_found();
  const auto operation = find_operation(*shard->reader, TenantScope{principal.merchant}, *id);
  if (!operation) return store_unavailable();
  if (!*operation || operation_name((*operation)->kind, *id) != name) return not_found();
  http::Response response;
  response.body = operation_json(**operation);
  return response;
}

http::Response list_operations(GatewayContext& context, const Principal& principal, std::string_view name) {
  const TenantScope scope{principal.merchant};
  const auto id = payment_from_name(name);
  Shard* shard = id ? context.shards.of_payment(*id) : nullptr;
  if (shard == nullptr) return payment_not_found();
  const auto payment = find_payment(*shard->reader, scope, *id);
  if (!payment) return store_unavailable();
  if (!*payment) return payment_not_found();
  const auto operations = operations_of(*shard->reader, scope, *id);
  if (!operations) return store_unavailable();
  http::Response response;
  response.body = "{\"items\":[";
  for (const Operation& operation : *operations) {
    if (response.body.back() == '}') response.body += ',';
    response.body += operation_json(operation);
  }
  response.body += "]}";
  return response;
}

}  // namespace

void add_read_operations(GatewayContext& context) {
  add_immediate_tenant_route(context, "GET", "/v1/operations/{id}",
                             [&context](const Principal& principal, const http::Request&, std::string_view name) {
                               return read_operation(context, principal, name);
                             });
  add_immediate_tenant_route(context, "GET", "/v1/payments/{id}/operations",
                             [&context](const Principal& principal, const http::Request&, std::string_view name) {
                               return list_operations(context, principal, name);
                             });
}

}  // namespace tidegate::platform
