// POST /admin/cache/evict?share=50%: forgets a share of what the gateway holds in memory to be faster. Nothing depends
// on it but the speed.

#include "base/units.hpp"
#include "platform/gateway/routes/routes.hpp"
#include "platform/service/problem.hpp"

namespace tidegate::platform {
namespace {

asio::awaitable<http::Response> evict(GatewayContext& context, std::optional<std::string> text) {
  const auto share = text ? parse_share(*text) : Result<double>(1.0);
  if (!share || *share < 0 || *share > 1) co_return problem(400, "share is a share from 0% to 100%");
  std::size_t payments = 0;
  for (const auto& shard : context.shards) payments += shard->recent.evict(*share);
  const std::size_t answers = co_await context.cache.evict(*share);
  co_return json_response(200, json::object{{"evicted", json::object{{"payments", payments}, {"answers", answers}}}});
}

}  // namespace

void add_evict_cache(GatewayContext& context) {
  context.runtime.router().add(
      "POST", "/admin/cache/evict",
      context.runtime.operator_only(RouteHandler([&context](const http::Request& request, std::string_view) {
        return evict(context, request.query_parameter("share"));
      })));
}

}  // namespace tidegate::platform
