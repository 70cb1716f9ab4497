#pragma once
// What a worker's role is: a service on a runtime that other roles of the process may share. Each owns its database.

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/asio.hpp"
#include "base/result.hpp"
#include "platform/bus/event_bus.hpp"
#include "platform/service/runtime.hpp"
#include "platform/worker/departures.hpp"

namespace tidegate::platform {

class OutboxRoutes;

/// What every role of a process is made with. All of it outlives the roles.
struct RoleContext {
  ServiceRuntime& runtime;
  EventBus& bus;
  OutboxRoutes& outboxes;
  const ServiceOptions& options;
  Departures departures = {};
};

/// Made before the process listens: opens its database, adds its routes. The order of a life:
/// make, start, (serving), drain, close, destructor; close also after a start that failed.
class Role {
 public:
  virtual ~Role() = default;
  /// Starts consuming; after every role of the process was made.
  virtual Result<void> start() = 0;
  /// Awaited on the loop after the last request was answered: ends outgoing calls. No coroutine of the role is left
  /// after it.
  virtual asio::awaitable<void> drain() { co_return; }
  /// On the main thread, after the loop has ended: inboxes, then relays, then the store. May block for less than 2 s.
  virtual void close() = 0;
};

using MakeRole = Result<std::unique_ptr<Role>> (*)(RoleContext& context);
struct RoleEntry {
  std::string_view name;
  MakeRole make;
};

/// Runs `options.roles` in one process until SIGTERM or SIGINT; the exit code.
int run_worker(const ServiceOptions& options, std::span<const RoleEntry> known, Departures departures = {});

}  // namespace tidegate::platform
