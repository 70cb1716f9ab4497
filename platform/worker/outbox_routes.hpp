#pragma once
// The outboxes of a process with several: `GET /internal/outbox/{producer}/{topic}...`, where each answers for its own
// streams, and the deletion of what every consumer has applied.

#include <memory>
#include <string>
#include <vector>

#include "platform/outbox/outbox.hpp"
#include "platform/outbox/pruner.hpp"
#include "platform/service/peer_clients.hpp"
#include "platform/service/runtime.hpp"
#include "platform/worker/role_database.hpp"

namespace tidegate::platform {

class OutboxRoutes {
 public:
  explicit OutboxRoutes(ServiceRuntime& runtime);
  /// Also adds the outbox's depth to the metrics and its relay to the readiness. Before serving; all of it outlives
  /// the serving.
  void add(Outbox& outbox, RoleDatabase& database);
  /// After every outbox was opened; nothing without ServiceOptions::prune_after. On the loop from then on.
  void start_pruning();
  void stop_pruning();

 private:
  struct Entry {
    std::string prefix;  // "fraud-0/fraud"
    Outbox* outbox;
    RoleDatabase* database;
  };
  http::Response serve(const http::Request& request, std::string_view rest) const;

  ServiceRuntime& runtime_;
  std::vector<Entry> entries_;
  PeerClients clients_;
  std::vector<std::unique_ptr<OutboxPruner>> pruners_;
};

}  // namespace tidegate::platform
