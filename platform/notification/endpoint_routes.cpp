#include "platform/notification/endpoint_routes.hpp"

#include "base/random.hpp"
#include "platform/notification/signature.hpp"
#include "platform/service/await_store.hpp"
#include "platform/service/problem.hpp"
#include "platform/service/wall_clock.hpp"
#include "platform/worker/caller.hpp"

namespace tidegate::platform {
namespace {

constexpr std::size_t kMostEndpoints = 20;  // of one tenant
constexpr std::size_t kLongestUrl = 2000;
constexpr std::size_t kLongestText = 4000;
constexpr std::int64_t kPage = 1000;

Result<std::vector<std::string>> read_types(const json::object& body) {
  std::vector<std::string> types;
  const json::value* listed = body.if_contains("types");
  if (listed == nullptr) return types;
  const Error wrong = usage_error("types is a list of at most 50 event types, such as payment.captured");
  if (!listed->is_array() || listed->as_array().size() > 50) return wrong;
  for (const json::value& type : listed->as_array()) {
    if (!type.is_string() || type.as_string().empty() || type.as_string().size() > 64) return wrong;
    types.emplace_back(type.as_string());
  }
  return types;
}

Result<std::vector<std::int64_t>> read_ids(const json::object& body) {
  std::vector<std::int64_t> ids;
  const json::value* listed = body.if_contains("ids");
  if (listed == nullptr) return ids;
  const Error wrong = usage_error("ids is a list of at most 1000 numbers of dead letters");
  if (!listed->is_array() || listed->as_array().empty() || listed->as_array().size() > 1000) return wrong;
  for (const json::value& id : listed->as_array()) {
    if (!id.is_int64() || id.as_int64() < 1) return wrong;
    ids.push_back(id.as_int64());
  }
  return ids;
}

http::Response store_away() {
  return problem(503, "Notifications cannot be written at the moment.");
}

}  // namespace

EndpointRoutes::EndpointRoutes(ServiceRuntime& runtime, RoleDatabase& database, EndpointDirectory& endpoints,
                               Sender& sender)
    : database_(database), endpoints_(endpoints), sender_(sender) {
  Router& router = runtime.router();
  const auto awaited = [&](const char* method, const char* pattern, RouteHandler handler) {
    router.add(method, pattern, runtime.operator_only(std::move(handler)));
  };
  const auto immediate = [&](const char* method, const char* pattern, ImmediateHandler handler) {
    router.add_immediate(method, pattern, runtime.operator_only(std::move(handler)));
  };
  awaited("POST", "/v1/webhook-endpoints", [this](const http::Request& request, auto) { return create(request); });
  immediate("GET", "/v1/webhook-endpoints", [this](const http::Request& request, auto) { return list(request); });
  awaited("DELETE", "/v1/webhook-endpoints/{id}",
          [this](const http::Request& request, auto id) { return remove(request, std::string(id)); });
  awaited("POST", "/v1/messages", [this](const http::Request& request, auto) { return send_message(request); });
  immediate("GET", "/v1/dead-letters", [this](const http::Request& request, auto) { return list_dead(request); });
  awaited("POST", "/v1/dead-letters/replay", [this](const http::Request& request, auto) { return replay(request); });
  immediate("GET", "/admin/notifications",
            [this](const http::Request&, auto) { return json_response(200, sender_.limits().to_json()); });
  immediate("PUT", "/admin/notifications",
            [this](const http::Request& request, auto) { return change_limits(request); });
}

asio::awaitable<http::Response> EndpointRoutes::create(const http::Request& request) {
  const auto caller = read_caller(request, NeedsKey::no);
  if (!caller) co_return problem(400, caller.error().message);
  const auto body = read_body(request, {"url", "types"});
  if (!body) co_return problem(400, body.error().message);
  Endpoint endpoint{
      "whe_" + random_hex(12), caller->tenant, string_member(*body, "url").value_or(""), new_webhook_secret(), {}};
  const auto url = http::parse_url(endpoint.url);
  if (!url || url->scheme != "http" || endpoint.url.size() > kLongestUrl) {
    co_return problem(400, "url is an absolute http URL of at most 2000 characters.");
  }
  auto types = read_types(*body);
  if (!types) co_return problem(400, types.error().message);
  endpoint.types = std::move(*types);
  if (endpoints_.of(caller->tenant).size() >= kMostEndpoints) {
    co_return problem(422, "A tenant has at most 20 endpoints.");
  }
  Work work = [&](Connection& connection) { return insert_endpoint(connection, endpoint); };
  if (auto done = co_await commit(database_.store(), std::move(work)); !done) co_return store_away();
  json::object answer = endpoint.to_json();
  answer["secret"] = endpoint.secret;
  endpoints_.put(std::move(endpoint));
  co_return json_response(201, answer);
}

http::Response EndpointRoutes::list(const http::Request& request) {
  const auto caller = read_caller(request, NeedsKey::no);
  if (!caller) return problem(400, caller.error().message);
  json::array items;
  for (const Endpoint& endpoint : endpoints_.of(caller->tenant)) items.push_back(endpoint.to_json());
  return json_response(200, json::object{{"items", std::move(items)}});
}

asio::awaitable<http::Response> EndpointRoutes::remove(const http::Request& request, std::string id) {
  const auto caller = read_caller(request, NeedsKey::no);
  if (!caller) co_return problem(400, caller.error().message);
  bool removed = false;
  Work work = [&](Connection& connection) -> Result<void> {
    auto done = remove_endpoint(connection, caller->tenant, id);
    if (!done) return done.error();
    removed = *done;
    return {};
  };
  if (auto done = co_await commit(database_.store(), std::move(work)); !done) co_return store_away();
  if (!removed) co_return problem(404, "There is no such endpoint.");
  endpoints_.remove(caller->tenant, id);
  co_return json_response(200, json::object{{"id", id}, {"removed", true}});
}

/// The tenant's sink of a channel, made at its first message.
asio::awaitable<Result<Endpoint>> EndpointRoutes::sink_of(std::string tenant, std::string url) {
  for (Endpoint& endpoint : endpoints_.of(tenant)) {
    if (endpoint.url == url) co_return std::move(endpoint);
  }
  Endpoint sink{"whe_" + random_hex(12), tenant, url, new_webhook_secret(), {"message"}};
  Work work = [&](Connection& connection) { return insert_endpoint(connection, sink); };
  if (auto done = co_await commit(database_.store(), std::move(work)); !done) co_return done.error();
  endpoints_.put(sink);
  co_return sink;
}

asio::awaitable<http::Response> EndpointRoutes::send_message(const http::Request& request) {
  const auto caller = read_caller(request, NeedsKey::yes);
  if (!caller) co_return problem(400, caller.error().message);
  const auto body = read_body(request, {"channel", "text", "priority"});
  if (!body) co_return problem(400, body.error().message);
  const std::string channel = string_member(*body, "channel").value_or("");
  if (channel != "sms" && channel != "email" && channel != "in-app") {
    co_return problem(400, "channel is sms, email or in-app.");
  }
  const std::string text = string_member(*body, "text").value_or("");
  if (text.empty() || text.size() > kLongestText) co_return problem(400, "text has 1 to 4000 bytes.");
  const auto priority = priority_from(string_member(*body, "priority").value_or("normal"));
  if (!priority) co_return problem(400, "priority is urgent, normal or promotional.");
  const auto sink = co_await sink_of(caller->tenant, channel + ":");
  if (!sink) co_return store_away();
  PendingDelivery delivery{
      0, "msg/" + caller->tenant + "/" + caller->key, sink->id, caller->tenant, "message", text, *priority};
  bool fresh = false;
  Work work = [&](Connection& connection) -> Result<void> {
    auto inserted = insert_delivery(connection, delivery);
    if (!inserted) return inserted.error();
    fresh = inserted->has_value();
    if (fresh) delivery.id = **inserted;
    return {};
  };
  if (auto done = co_await commit(database_.store(), std::move(work)); !done) co_return store_away();
  if (fresh) sender_.submit(delivery);
  co_return json_response(202, json::object{{"event", delivery.event}});
}

http::Response EndpointRoutes::list_dead(const http::Request& request) {
  const auto tenant = read_tenant_or_all(request);
  if (!tenant) return problem(400, tenant.error().message);
  const auto after = integer_parameter(request, "after", 0, 0, INT64_MAX);
  if (!after) return problem(400, "after is the number of a dead letter.");
  const auto dead = dead_letters(database_.reader(), *tenant, *after, kPage);
  if (!dead) return problem(503, "The dead letters cannot be read at the moment.");
  json::array items;
  for (const PendingDelivery& letter : *dead) {
    items.push_back(json::object{{"id", letter.id},
                                 {"event", letter.event},
                                 {"endpoint", letter.endpoint},
                                 {"type", letter.type},
                                 {"attempts", letter.attempts},
                                 {"cause", letter.cause}});
  }
  const bool more = static_cast<std::int64_t>(dead->size()) == kPage;
  json::value next = more ? json::value(dead->back().id) : json::value(nullptr);
  return json_response(200, json::object{{"items", std::move(items)}, {"next", std::move(next)}});
}

asio::awaitable<http::Response> EndpointRoutes::replay(const http::Request& request) {
  const auto tenant = read_tenant_or_all(request);
  if (!tenant) co_return problem(400, tenant.error().message);
  const auto body = read_body(request, {"ids"});
  if (!body) co_return problem(400, body.error().message);
  const auto ids = read_ids(*body);
  if (!ids) co_return problem(400, ids.error().message);
  std::vector<PendingDelivery> revived;
  Work work = [&](Connection& connection) -> Result<void> {
    auto done = revive(connection, *tenant, *ids, elapsed_now_ms());
    if (!done) return done.error();
    revived = std::move(*done);
    return {};
  };
  if (auto done = co_await commit(database_.store(), std::move(work)); !done) co_return store_away();
  sender_.revived(revived);
  co_return json_response(202, json::object{{"replayed", revived.size()}});
}

http::Response EndpointRoutes::change_limits(const http::Request& request) {
  const auto parsed = parse_json(request.body);
  if (!parsed || !parsed->is_object()) return problem(400, "The body is a JSON object of limits.");
  const auto next = sender_.limits().changed(parsed->as_object());
  if (!next) return problem(422, next.error().message);
  sender_.set_limits(*next);
  return json_response(200, next->to_json());
}

}  // namespace tidegate::platform
