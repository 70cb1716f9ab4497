#include <algorithm>
#include <vector>

#include "base/assert.hpp"
#include "base/log.hpp"
#include "platform/worker/outbox_routes.hpp"
#include "platform/worker/role.hpp"

namespace tidegate::platform {
namespace {

const RoleEntry& entry_of(std::span<const RoleEntry> known, const std::string& name) {
  const auto found =
      std::find_if(known.begin(), known.end(), [&](const RoleEntry& entry) { return entry.name == name; });
  TIDEGATE_ASSERT(found != known.end());  // the command line has checked the names
  return *found;
}

asio::awaitable<void> drain_all(const std::vector<std::unique_ptr<Role>>& roles) {
  for (const auto& role : roles) co_await role->drain();
}

Result<void> make_and_start(RoleContext& context, std::span<const RoleEntry> known,
                            std::vector<std::unique_ptr<Role>>& roles) {
  for (const std::string& name : context.options.roles) {
    auto made = entry_of(known, name).make(context);
    if (!made) return Error{made.error().kind, "the role " + name + ": " + made.error().message};
    roles.push_back(std::move(*made));
  }
  for (std::size_t i = 0; i < roles.size(); ++i) {
    if (auto started = roles[i]->start(); !started) {
      return Error{started.error().kind, "the role " + context.options.roles[i] + ": " + started.error().message};
    }
  }
  return {};
}

}  // namespace

int run_worker(const ServiceOptions& options, std::span<const RoleEntry> known) {
  ServiceRuntime runtime(options);
  const std::unique_ptr<EventBus> bus = make_peer_bus(runtime.peers());
  OutboxRoutes outboxes(runtime);
  RoleContext context{runtime, *bus, outboxes, options};
  std::vector<std::unique_ptr<Role>> roles;  // after (so that they go before) all that they refer to
  runtime.on_drain([&roles] { return drain_all(roles); });
  runtime.on_close([&roles] {
    for (const auto& role : roles) role->close();
  });
  if (auto started = make_and_start(context, known, roles); !started) {
    log::error("the worker does not start", {{"why", started.error().message}});
    for (const auto& role : roles) role->close();
    return 1;
  }
  return runtime.run();
}

}  // namespace tidegate::platform
