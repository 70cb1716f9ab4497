#include <algorithm>
#include <thread>
#include <vector>

#include "base/assert.hpp"
#include "base/log.hpp"
#include "platform/worker/worker.hpp"

namespace tidegate::platform {
namespace {

const RoleEntry& entry_of(std::span<const RoleEntry> known, const std::string& name) {
  const auto found =
      std::find_if(known.begin(), known.end(), [&](const RoleEntry& entry) { return entry.name == name; });
  TIDEGATE_ASSERT(found != known.end());  // the command line has checked the names
  return *found;
}

asio::awaitable<void> drain_all(OutboxRoutes& outboxes, const std::vector<std::unique_ptr<Role>>& roles) {
  outboxes.stop_pruning();
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

std::unique_ptr<EventBus> bus_of(ServiceRuntime& runtime, const Worker::WrapBus& wrap) {
  auto bus = make_peer_bus(runtime.peers());
  return wrap ? wrap(std::move(bus)) : std::move(bus);
}

}  // namespace

Worker::Worker(const ServiceOptions& options, std::span<const RoleEntry> known, const WrapBus& wrap,
               Departures departures)
    : options_(options),
      known_(known),
      runtime_(options_),
      bus_(bus_of(runtime_, wrap)),
      outboxes_(runtime_),
      context_{runtime_, *bus_, outboxes_, options_, std::move(departures)} {
  runtime_.on_drain([this] { return drain_all(outboxes_, roles_); });
  // All at once: each waits for a last word from the broker, which may be gone.
  runtime_.on_close([this] {
    std::vector<std::jthread> closing;
    for (const auto& role : roles_) closing.emplace_back([&role] { role->close(); });
  });
}

Worker::~Worker() = default;

Result<void> Worker::start() {
  auto started = make_and_start(context_, known_, roles_);
  if (started) {
    outboxes_.start_pruning();
    return started;
  }
  for (const auto& role : roles_) role->close();
  roles_.clear();
  return started;
}

int run_worker(const ServiceOptions& options, std::span<const RoleEntry> known, Departures departures) {
  Worker worker(options, known, {}, std::move(departures));
  if (auto started = worker.start(); !started) {
    log::error("the worker does not start", {{"why", started.error().message}});
    return 1;
  }
  return worker.run();
}

}  // namespace tidegate::platform
