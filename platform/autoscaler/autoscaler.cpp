// The role `autoscaler`: adds and removes worker processes of a role to hold its lag under a target. The role's input
// is cut into units, one per partition, each with a database of its own that moves with it (unit_host.hpp).
//
//   GET    /admin/autoscaler                  {wanted, lag_ms, workers: [{name, pid, units}], limits}
//   PUT    /admin/autoscaler                  {least, most, target_ms, settle_ms, calm_ms}
//   DELETE /admin/autoscaler/workers/{name}   kills one: it is replaced
//   and all that the role serves (unit_routes.hpp)

#include "platform/autoscaler/autoscaler.hpp"

#include "base/log.hpp"
#include "platform/autoscaler/fleet.hpp"
#include "platform/autoscaler/unit_routes.hpp"
#include "platform/events/envelope.hpp"
#include "platform/service/json_body.hpp"
#include "platform/service/problem.hpp"

namespace tidegate::platform {
namespace {

constexpr Nanoseconds kStopLimit = std::chrono::seconds(4);
constexpr std::int64_t kMostWorkers = 1000;
constexpr std::int64_t kLongestMs = 3'600'000;

std::int64_t milliseconds(Nanoseconds t) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(t).count();
}

json::object to_json(const ScalingLimits& limits) {
  return {{"least", limits.least},
          {"most", limits.most},
          {"target_ms", milliseconds(limits.target)},
          {"settle_ms", milliseconds(limits.settle)},
          {"calm_ms", milliseconds(limits.calm)}};
}

Result<ScalingLimits> changed(ScalingLimits limits, const json::object& body) {
  for (const auto& [name, value] : body) {
    const std::int64_t number = value.is_int64() ? value.as_int64() : 0;
    const bool count = name == "least" || name == "most";
    const std::int64_t largest = count ? kMostWorkers : kLongestMs;
    if (number < 1 || number > largest) {
      return usage_error("'" + std::string(name) + "' is a whole number from 1 to " + std::to_string(largest));
    }
    if (name == "least")
      limits.least = static_cast<int>(number);
    else if (name == "most")
      limits.most = static_cast<int>(number);
    else if (name == "target_ms")
      limits.target = std::chrono::milliseconds(number);
    else if (name == "settle_ms")
      limits.settle = std::chrono::milliseconds(number);
    else if (name == "calm_ms")
      limits.calm = std::chrono::milliseconds(number);
    else
      return usage_error("there is no limit '" + std::string(name) + "': least, most, target_ms, settle_ms, calm_ms");
  }
  if (limits.least > limits.most) return usage_error("least is above most");
  return limits;
}

http::Response show(const Fleet& fleet) {
  json::object described = fleet.describe();
  described["limits"] = to_json(fleet.limits());
  return json_response(200, described);
}

http::Response change(Fleet& fleet, const http::Request& request) {
  const auto body = parse_json_object(request.body);
  if (!body) return problem(400, "The body is a JSON object of limits.");
  const auto limits = changed(fleet.limits(), *body);
  if (!limits) return problem(422, limits.error().message);
  fleet.change(*limits);
  return show(fleet);
}

void add_routes(ServiceRuntime& runtime, Fleet& fleet) {
  const auto add = [&](const char* method, const char* pattern, ImmediateHandler handler) {
    runtime.router().add_immediate(method, pattern, runtime.operator_only(std::move(handler)));
  };
  add("GET", "/admin/autoscaler", [&fleet](const http::Request&, auto) { return show(fleet); });
  add("PUT", "/admin/autoscaler", [&fleet](const http::Request& request, auto) { return change(fleet, request); });
  add("DELETE", "/admin/autoscaler/workers/{name}", [&fleet](const http::Request&, std::string_view name) {
    if (!fleet.kill(std::string(name))) return problem(404, "There is no such worker.");
    return json_response(200, json::object{{"killed", name}});
  });
}

}  // namespace

int run_autoscaler(const ServiceOptions& given, const ScalingOptions& scaling) {
  ServiceOptions options = given;
  options.workers = kPartitions;  // units
  ServiceRuntime runtime(options);
  PeerClients clients(runtime.context().get_executor(), runtime.peers());
  ScalingLimits limits;
  limits.least = scaling.least_workers;
  limits.most = scaling.most_workers;
  limits.target = scaling.target_lag;
  Fleet fleet(runtime.context().get_executor(), clients, runtime.metrics(), options, limits, scaling.events_per_second);
  UnitRoutes routes(runtime, fleet, options.roles.front());
  add_routes(runtime, fleet);
  runtime.add_readiness("units that serve", [&fleet] { return fleet.complete(); });
  runtime.on_start([&fleet] { fleet.start(); });
  runtime.on_drain([&]() -> asio::awaitable<void> {
    clients.stop();
    return fleet.stop(kStopLimit);
  });
  return runtime.run();
}

}  // namespace tidegate::platform
