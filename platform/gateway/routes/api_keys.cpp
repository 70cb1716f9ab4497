// POST /admin/keys {merchant}: 201 {merchant, api_key}. The key is shown once; the database holds its hash.

#include "base/json.hpp"
#include "base/time.hpp"
#include "platform/gateway/payment.hpp"
#include "platform/gateway/problems.hpp"
#include "platform/gateway/routes/routes.hpp"
#include "platform/gateway/secrets.hpp"
#include "platform/service/await_store.hpp"
#include "platform/service/problem.hpp"

namespace tidegate::platform {
namespace {

std::optional<std::int64_t> merchant_of(const TenantDirectory& tenants, std::string_view body) {
  const auto parsed = parse_json(body);
  if (!parsed || !parsed->is_object()) return std::nullopt;
  const auto name = string_member(parsed->get_object(), "merchant");
  const auto id = name ? merchant_from_name(*name) : std::nullopt;
  return id && tenants.merchant(*id) != nullptr ? id : std::nullopt;
}

asio::awaitable<http::Response> create_api_key(GatewayContext& context, std::string body) {
  const auto merchant = merchant_of(context.tenants, body);
  if (!merchant) co_return problem(400, "merchant is the id of a merchant");
  const std::string api_key = new_api_key();
  const auto key = std::make_shared<ApiKey>(ApiKey{0, *merchant, hash_of_secret(api_key), scope_of_api_key(api_key)});
  Work work = [key](Connection& connection) {
    return insert_api_key(connection, *key, std::chrono::floor<std::chrono::milliseconds>(unix_now()).count());
  };
  const auto written = co_await commit(context.store, std::move(work));
  if (!written) co_return store_unavailable();
  context.tenants.add(*key);
  co_return json_response(201, json::object{{"merchant", merchant_name(*merchant)}, {"api_key", api_key}});
}

}  // namespace

void add_api_keys(ServiceRuntime& runtime, GatewayContext& context) {
  runtime.router().add("POST", "/admin/keys",
                       runtime.operator_only(RouteHandler([&context](const http::Request& request, std::string_view) {
                         return create_api_key(context, std::string(request.body));
                       })));
}

}  // namespace tidegate::platform
