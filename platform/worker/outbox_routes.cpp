#include "platform/worker/outbox_routes.hpp"

#include "platform/service/problem.hpp"

namespace tidegate::platform {

OutboxRoutes::OutboxRoutes(ServiceRuntime& runtime)
    : runtime_(runtime), clients_(runtime.context().get_executor(), runtime.peers()) {
  runtime.router().add_immediate(
      "GET", "/internal/outbox/{stream...}",
      [this](const http::Request& request, std::string_view rest) { return serve(request, rest); });
}

void OutboxRoutes::add(Outbox& outbox, RoleDatabase& database) {
  const std::string& producer = database.store().id();
  entries_.push_back({producer + "/" + outbox.topic(), &outbox, &database});
  runtime_.metrics().gauge("outbox_depth", "Committed events not yet handed to the bus.",
                           {{"topic", outbox.topic()}, {"store", producer}},
                           [raw = &outbox] { return static_cast<double>(raw->depth()); });
  runtime_.add_readiness("the relay of " + outbox.topic(), [raw = &outbox] { return raw->relay_running(); });
}

void OutboxRoutes::start_pruning() {
  for (const Entry& entry : entries_) {
    pruners_.push_back(std::make_unique<OutboxPruner>(runtime_.context().get_executor(), entry.database->store(),
                                                      entry.database->reader(), *entry.outbox, clients_,
                                                      runtime_.metrics(), prune_options(runtime_.options())));
    pruners_.back()->start();
  }
}

void OutboxRoutes::stop_pruning() {
  for (const auto& pruner : pruners_) pruner->stop();
  clients_.stop();
}

http::Response OutboxRoutes::serve(const http::Request& request, std::string_view rest) const {
  for (const Entry& entry : entries_) {
    const bool whole_topic = rest == entry.prefix;
    const bool stream = rest.size() > entry.prefix.size() && rest.substr(0, entry.prefix.size()) == entry.prefix &&
                        rest[entry.prefix.size()] == '/';
    if (whole_topic || stream) return entry.outbox->serve(rest, request, entry.database->reader());
  }
  return problem(404, "This process has no such outbox: the path is /internal/outbox/PRODUCER/TOPIC/PARTITION.");
}

}  // namespace tidegate::platform
