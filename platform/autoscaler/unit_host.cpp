#include "platform/autoscaler/unit_host.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "base/log.hpp"
#include "platform/autoscaler/quota_bus.hpp"
#include "platform/autoscaler/unit.hpp"
#include "platform/service/json_body.hpp"
#include "platform/service/problem.hpp"

namespace tidegate::platform {
namespace {

/// Looks after the units on the loop; their own threads do the work.
class UnitHost {
 public:
  UnitHost(ServiceRuntime& runtime, const ScalingOptions& scaling, std::span<const RoleEntry> known)
      : runtime_(runtime), known_(known), quota_(make_shared_quota(scaling.events_per_second)) {
    Router& router = runtime.router();
    router.add_immediate(
        "GET", "/internal/units",
        runtime.operator_only(ImmediateHandler([this](const http::Request&, auto) { return show(); })));
    router.add_immediate("PUT", "/internal/units",
                         runtime.operator_only(
                             ImmediateHandler([this](const http::Request& request, auto) { return change(request); })));
    runtime.on_stop([this] {
      for (auto& [number, unit] : units_) unit->stop();
    });
    runtime.on_close([this] { units_.clear(); });
  }

 private:
  void forget_ended() {
    std::erase_if(units_, [](const auto& entry) { return entry.second->ended(); });
  }

  http::Response show() {
    forget_ended();
    json::object units;
    for (const auto& [number, unit] : units_) units[std::to_string(number)] = unit->address();
    return json_response(200, json::object{{"units", std::move(units)}});
  }

  std::optional<std::set<int>> read(const http::Request& request) const {
    const auto body = parse_json_object(request.body);
    const json::value* listed = body ? body->if_contains("units") : nullptr;
    if (listed == nullptr || !listed->is_array()) return std::nullopt;
    std::set<int> wanted;
    for (const json::value& number : listed->as_array()) {
      if (!number.is_int64() || number.as_int64() < 0 || number.as_int64() >= runtime_.options().workers) {
        return std::nullopt;
      }
      wanted.insert(static_cast<int>(number.as_int64()));
    }
    return wanted;
  }

  http::Response change(const http::Request& request) {
    const auto wanted = read(request);
    if (!wanted) return problem(400, "The body is {\"units\": [0, 1, ...]}, each below the number of units.");
    forget_ended();
    for (auto& [number, unit] : units_) {
      if (wanted->count(number) == 0) unit->stop();
    }
    for (const int number : *wanted) {
      // One that is still ending is begun anew by the next request.
      if (units_.count(number) == 0) units_.emplace(number, make(number));
    }
    return show();
  }

  std::unique_ptr<Unit> make(int number) {
    return std::make_unique<Unit>(number, runtime_.options(), known_, [quota = quota_](std::unique_ptr<EventBus> bus) {
      return make_quota_bus(std::move(bus), quota);
    });
  }

  ServiceRuntime& runtime_;
  const std::span<const RoleEntry> known_;
  const std::shared_ptr<SharedQuota> quota_;
  std::map<int, std::unique_ptr<Unit>> units_;
};

}  // namespace

int run_unit_host(const ServiceOptions& options, const ScalingOptions& scaling, std::span<const RoleEntry> known) {
  ServiceRuntime runtime(options);
  UnitHost host(runtime, scaling, known);
  return runtime.run();
}

}  // namespace tidegate::platform
