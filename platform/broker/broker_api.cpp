#include "platform/broker/broker_api.hpp"

#include "base/units.hpp"
#include "platform/service/problem.hpp"

namespace tidegate::platform {
namespace {

json::object to_json(const BrokerSetting& setting) {
  return {{"up", setting.up}, {"rtt_ms", setting.rtt_ms}};
}

json::object to_json(const RequestErrors& errors) {
  return {{"request", errors.request}, {"error", errors.error}, {"count", errors.count}};
}

Result<json::object> body_of(const http::Request& request, std::initializer_list<std::string_view> members) {
  auto parsed = parse_json(request.body);
  if (!parsed || !parsed->is_object()) return usage_error("the body must be a JSON object");
  for (const auto& [key, value] : parsed->get_object()) {
    if (std::find(members.begin(), members.end(), std::string_view(key)) == members.end()) {
      return usage_error("there is no member '" + std::string(key) + "'");
    }
  }
  return std::move(parsed->get_object());
}

Result<BrokerSetting> changed(BrokerSetting setting, const json::object& body) {
  if (body.contains("up")) {
    const auto up = boolean_member(body, "up");
    if (!up) return usage_error("'up' is true or false");
    setting.up = *up;
  }
  if (body.contains("rtt_ms")) {
    const auto rtt = integer_member(body, "rtt_ms");
    if (!rtt || *rtt < 0 || *rtt > 60'000) return usage_error("'rtt_ms' is a whole number from 0 to 60000");
    setting.rtt_ms = static_cast<int>(*rtt);
  }
  return setting;
}

class BrokerApi {
 public:
  BrokerApi(MockCluster& cluster, Counter& disturbances) : cluster_(cluster), disturbances_(disturbances) {}

  http::Response broker(const http::Request& request, std::string_view number) {
    const auto broker = parse_integer(number);
    if (!broker || *broker < 1 || *broker > cluster_.brokers()) return problem(404, "There is no such broker.");
    const int id = static_cast<int>(*broker);
    if (request.method == "GET") return json_response(200, to_json(cluster_.broker(id)));
    const auto body = body_of(request, {"up", "rtt_ms"});
    if (!body) return problem(400, body.error().message);
    const auto setting = changed(cluster_.broker(id), *body);
    if (!setting) return problem(422, setting.error().message);
    const bool other_rtt = setting->rtt_ms != cluster_.broker(id).rtt_ms;
    const auto moved = cluster_.set_broker(id, *setting);
    if (!moved) return problem(409, moved.error().message);
    disturbances_.add(static_cast<std::uint64_t>(*moved) + (other_rtt ? 1 : 0));
    return json_response(200, to_json(cluster_.broker(id)));
  }

  http::Response errors(const http::Request& request) {
    if (request.method == "GET") return json_response(200, to_json(cluster_.errors()));
    const auto body = body_of(request, {"request", "error", "count"});
    if (!body) return problem(400, body.error().message);
    RequestErrors errors{string_member(*body, "request").value_or(""), string_member(*body, "error").value_or(""),
                         static_cast<int>(integer_member(*body, "count").value_or(0))};
    if (const auto set = cluster_.set_errors(errors); !set) return problem(422, set.error().message);
    disturbances_.add(static_cast<std::uint64_t>(errors.count));
    return json_response(200, to_json(cluster_.errors()));
  }

 private:
  MockCluster& cluster_;
  Counter& disturbances_;
};

}  // namespace

void add_broker_api(MockCluster& cluster, ServiceRuntime& runtime) {
  auto api = std::make_shared<BrokerApi>(
      cluster,
      runtime.metrics().counter("broker_disturbances_total", "Leaders moved, errors queued, round trips set."));
  runtime.metrics().gauge("broker_offline_partitions", "Partitions without a leader.", {},
                          [&cluster] { return static_cast<double>(cluster.offline_partitions()); });
  for (const char* method : {"GET", "PUT"}) {
    runtime.router().add_immediate(
        method, "/admin/brokers/{number}",
        runtime.operator_only(ImmediateHandler(
            [api](const http::Request& request, std::string_view number) { return api->broker(request, number); })));
    runtime.router().add_immediate(
        method, "/admin/errors",
        runtime.operator_only(
            ImmediateHandler([api](const http::Request& request, std::string_view) { return api->errors(request); })));
  }
}

}  // namespace tidegate::platform
