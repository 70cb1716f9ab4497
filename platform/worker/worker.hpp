#pragma once
// A worker as an object: what run_worker() runs once, and a unit host many times in one process, each on a thread.

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "platform/worker/outbox_routes.hpp"
#include "platform/worker/role.hpp"

namespace tidegate::platform {

class Worker {
 public:
  /// `wrap`, when there is one, is put around the bus of the peers.
  using WrapBus = std::function<std::unique_ptr<EventBus>(std::unique_ptr<EventBus>)>;
  Worker(const ServiceOptions& options, std::span<const RoleEntry> known, const WrapBus& wrap = {},
         Departures departures = {});
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  /// Opens the databases of its roles and starts consuming. After an error everything is closed again.
  Result<void> start();
  /// Serves until request_stop() or a signal; the exit code.
  int run() { return runtime_.run(); }
  ServiceRuntime& runtime() { return runtime_; }

 private:
  const ServiceOptions options_;
  const std::span<const RoleEntry> known_;
  ServiceRuntime runtime_;
  std::unique_ptr<EventBus> bus_;
  OutboxRoutes outboxes_;
  RoleContext context_;
  std::vector<std::unique_ptr<Role>> roles_;  // after (so that they go before) all that they refer to
};

}  // namespace tidegate::platform
