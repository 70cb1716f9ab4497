#pragma once
// `GET /internal/outbox/{producer}/{topic}...` of a process with several outboxes: each answers for its own streams.

#include <string>
#include <vector>

#include "platform/outbox/outbox.hpp"
#include "platform/service/runtime.hpp"

namespace tidegate::platform {

class OutboxRoutes {
 public:
  explicit OutboxRoutes(ServiceRuntime& runtime);
  /// Also adds the outbox's depth to the metrics and its relay to the readiness. Before serving; all of it outlives
  /// the serving.
  void add(Outbox& outbox, const std::string& producer, Connection& reader);

 private:
  struct Entry {
    std::string prefix;  // "fraud-0/fraud"
    Outbox* outbox;
    Connection* reader;
  };
  http::Response serve(const http::Request& request, std::string_view rest) const;

  ServiceRuntime& runtime_;
  std::vector<Entry> entries_;
};

}  // namespace tidegate::platform
