// GET /v1/events/export: what was published. GET /v1/consumers/gateway/applied: what the gateway has applied of others'
// events. For the operator.

#include "platform/gateway/problems.hpp"
#include "platform/gateway/routes/routes.hpp"
#include "platform/inbox/inbox.hpp"
#include "platform/outbox/export.hpp"
#include "platform/service/pages.hpp"
#include "platform/service/problem.hpp"

namespace tidegate::platform {
namespace {

http::Response export_all(const GatewayContext& context, const http::Request& request) {
  std::vector<ExportedOutbox> outboxes;
  for (const auto& shard : context.shards) outboxes.push_back({&shard->outbox, shard->reader.get()});
  return export_events(outboxes, request);
}

http::Response applied(const GatewayContext& context) {
  json::array items;
  std::int64_t total = 0;
  for (const auto& shard : context.shards) {
    const auto streams = read_applied(*shard->reader);
    if (!streams) return store_unavailable();
    for (const AppliedStream& stream : *streams) {
      items.push_back(json::object{{"consumer", "gateway"},
                                   {"store", shard->store->id()},
                                   {"stream", stream.stream},
                                   {"sequence", stream.sequence}});
      total += stream.sequence;
    }
  }
  json::object page = make_page(std::move(items), std::nullopt, total);
  const auto& services = context.runtime.options().reports;
  page["topics"] = json::array(services.begin(), services.end());  // a service reports on the topic of its name
  return json_response(200, std::move(page));
}

}  // namespace

void add_events(GatewayContext& context) {
  ServiceRuntime& runtime = context.runtime;
  runtime.router().add_immediate(
      "GET", "/v1/events/export",
      runtime.operator_only(ImmediateHandler(
          [&context](const http::Request& request, std::string_view) { return export_all(context, request); })));
  runtime.router().add_immediate("GET", "/v1/consumers/gateway/applied",
                                 runtime.operator_only(ImmediateHandler(
                                     [&context](const http::Request&, std::string_view) { return applied(context); })));
}

}  // namespace tidegate::platform
