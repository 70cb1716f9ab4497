// POST /admin/keys {merchant}: 201 {id, merchant, api_key}. The key is shown once; the database holds its hash. GET
// lists the keys without their secrets, DELETE /admin/keys/{id} revokes one: it is refused from then on.

#include "base/time.hpp"
#include "platform/gateway/payment.hpp"
#include "platform/gateway/problems.hpp"
#include "platform/gateway/routes/routes.hpp"
#include "platform/gateway/secrets.hpp"
#include "platform/service/await_store.hpp"
#include "platform/service/json_body.hpp"
#include "platform/service/problem.hpp"
#include "platform/service/wall_clock.hpp"

namespace tidegate::platform {
namespace {

std::string key_name(std::int64_t id) {
  return "key_" + std::to_string(id);
}

std::optional<std::int64_t> merchant_of(const TenantDirectory& tenants, std::string_view body) {
  const auto parsed = parse_json_object(body);
  if (!parsed) return std::nullopt;
  const auto name = string_member(*parsed, "merchant");
  const auto id = name ? merchant_from_name(*name) : std::nullopt;
  return id && tenants.merchant(*id) != nullptr ? id : std::nullopt;
}

asio::awaitable<http::Response> create_api_key(GatewayContext& context, std::string body) {
  const auto merchant = merchant_of(context.tenants, body);
  if (!merchant) co_return problem(400, "merchant is the id of a merchant");
  const std::string api_key = new_api_key();
  const auto key = std::make_shared<ApiKey>(ApiKey{0, *merchant, hash_of_secret(api_key), scope_of_api_key(api_key)});
  Work work = [key](Connection& connection) { return insert_api_key(connection, *key, wall_now_ms()); };
  const auto written = co_await commit(*context.shards.first().store, std::move(work));
  if (!written) co_return store_unavailable();
  context.tenants.add(*key);
  co_return json_response(
      201, json::object{{"id", key_name(key->id)}, {"merchant", merchant_name(*merchant)}, {"api_key", api_key}});
}

http::Response list_api_keys(const GatewayContext& context) {
  json::array items;
  for (const auto& [hash, key] : context.tenants.keys()) {
    items.push_back(json::object{{"id", key_name(key.id)},
                                 {"merchant", merchant_name(key.merchant)},
                                 {"scope", key.scope},
                                 {"revoked", key.revoked}});
  }
  return json_response(200, json::object{{"items", std::move(items)}});
}

asio::awaitable<http::Response> revoke(GatewayContext& context, std::string name) {
  const ApiKey* found = nullptr;
  for (const auto& [hash, key] : context.tenants.keys()) {
    if (key_name(key.id) == name) found = &key;
  }
  if (found == nullptr) co_return problem(404, "There is no such API key.");
  ApiKey key = *found;
  key.revoked = true;
  Work work = [id = key.id](Connection& connection) { return revoke_api_key(connection, id, wall_now_ms()); };
  const auto written = co_await commit(*context.shards.first().store, std::move(work));
  if (!written) co_return store_unavailable();
  context.tenants.add(std::move(key));
  co_return json_response(200, json::object{{"id", name}, {"revoked", true}});
}

}  // namespace

void add_api_keys(GatewayContext& context) {
  ServiceRuntime& runtime = context.runtime;
  runtime.router().add_immediate(
      "GET", "/admin/keys", runtime.operator_only(ImmediateHandler([&context](const http::Request&, std::string_view) {
        return list_api_keys(context);
      })));
  runtime.router().add("DELETE", "/admin/keys/{id}",
                       runtime.operator_only(RouteHandler([&context](const http::Request&, std::string_view name) {
                         return revoke(context, std::string(name));
                       })));
  runtime.router().add("POST", "/admin/keys",
                       runtime.operator_only(RouteHandler([&context](const http::Request& request, std::string_view) {
                         return create_api_key(context, std::string(request.body));
                       })));
}

}  // namespace tidegate::platform
