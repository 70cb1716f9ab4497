// GET and PUT /admin/feature-flags, /admin/rate-limits, /admin/capacity, /admin/routing-rules: what an operator changes
// while the gateway runs. A change is written to the store first; then it holds, also after a restart.

#include "platform/gateway/settings.hpp"
#include "base/time.hpp"
#include "platform/gateway/problems.hpp"
#include "platform/gateway/routes/routes.hpp"
#include "platform/gateway/settings_table.hpp"
#include "platform/service/await_store.hpp"
#include "platform/service/json_body.hpp"
#include "platform/service/problem.hpp"
#include "platform/service/wall_clock.hpp"

namespace tidegate::platform {
namespace {

asio::awaitable<http::Response> change(GatewayContext& context, const Setting& setting, std::string body) {
  const auto document = parse_json_object(body);
  if (!document) co_return problem(400, document.error().message);
  // Everything is checked before anything is stored.
  auto apply = setting.prepare(context, *document);
  if (!apply) co_return problem(400, apply.error().message);
  Work work = [&setting, &apply](Connection& connection) {
    const auto now_ms = wall_now_ms();
    return write_setting(connection, setting.name, apply->document, now_ms);
  };
  const auto written = co_await commit(*context.shards.first().store, std::move(work));
  if (!written) co_return store_unavailable();
  apply->now();
  co_return json_response(200, setting.read(context));
}

}  // namespace

void add_settings(GatewayContext& context) {
  ServiceRuntime& runtime = context.runtime;
  for (const Setting& setting : all_settings()) {
    const std::string path = "/admin/" + std::string(setting.name);
    runtime.router().add_immediate(
        "GET", path,
        runtime.operator_only(ImmediateHandler([&context, &setting](const http::Request&, std::string_view) {
          return json_response(200, setting.read(context));
        })));
    runtime.router().add(
        "PUT", path,
        runtime.operator_only(RouteHandler([&context, &setting](const http::Request& request, std::string_view) {
          return change(context, setting, std::string(request.body));
        })));
  }
}

}  // namespace tidegate::platform
