// The one place where the platform's legacy departures are chosen. Each is a PaymentPath in front of the next; nothing
// else knows of them. The pool is outermost: a connection is held during the hops, too.

#include "base/log.hpp"
#include "platform/gateway/gateway.hpp"
#include "platform/legacy/pooled_path.hpp"
#include "platform/legacy/serial_hops_path.hpp"

namespace tidegate::platform {
namespace {

/// A switch that is not given follows the profile.
bool is_on(const ServiceOptions& options, const std::string& name) {
  const auto given = options.switches.find(name);
  return given == options.switches.end() ? options.profile == "legacy" : given->second != "false";
}

}  // namespace

std::unique_ptr<PaymentPath> compose_path(ServiceRuntime& runtime, std::unique_ptr<PaymentPath> modern) {
  std::unique_ptr<PaymentPath> path = std::move(modern);
  if (is_on(runtime.options(), "serial_hops")) {
    path = std::make_unique<SerialHopsPath>(std::move(path), runtime.context().get_executor(), runtime.peers(),
                                            runtime.metrics());
  }
  if (is_on(runtime.options(), "pool_35")) path = std::make_unique<PooledPath>(std::move(path), runtime.metrics());
  return path;
}

int run_gateway(const ServiceOptions& options) {
  ServiceRuntime runtime(options);
  auto gateway = Gateway::open(runtime, make_peer_bus(runtime.peers()), compose_path);
  if (!gateway) {
    log::error("the gateway cannot start", {{"why", gateway.error().message}});
    return 1;
  }
  return runtime.run();
}

}  // namespace tidegate::platform
