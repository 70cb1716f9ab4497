#include "platform/worker/outbox_routes.hpp"

#include "platform/service/problem.hpp"

namespace tidegate::platform {

OutboxRoutes::OutboxRoutes(ServiceRuntime& runtime) : runtime_(runtime) {
  runtime.router().add_immediate(
      "GET", "/internal/outbox/{stream...}",
      [this](const http::Request& request, std::string_view rest) { return serve(request, rest); });
}

void OutboxRoutes::add(Outbox& outbox, const std::string& producer, Connection& reader) {
  entries_.push_back({producer + "/" + outbox.topic(), &outbox, &reader});
  runtime_.metrics().gauge("outbox_depth", "Committed events not yet handed to the bus.",
                           {{"topic", outbox.topic()}, {"store", producer}},
                           [raw = &outbox] { return static_cast<double>(raw->depth()); });
  runtime_.add_readiness("the relay of " + outbox.topic(), [raw = &outbox] { return raw->relay_running(); });
}

http::Response OutboxRoutes::serve(const http::Request& request, std::string_view rest) const {
  for (const Entry& entry : entries_) {
    const bool whole_topic = rest == entry.prefix;
    const bool stream = rest.size() > entry.prefix.size() && rest.substr(0, entry.prefix.size()) == entry.prefix &&
                        rest[entry.prefix.size()] == '/';
    if (whole_topic || stream) return entry.outbox->serve(rest, request, *entry.reader);
  }
  return problem(404, "This process has no such outbox: the path is /internal/outbox/PRODUCER/TOPIC/PARTITION.");
}

}  // namespace tidegate::platform
