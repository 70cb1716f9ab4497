#pragma once
// The inboxes of a role, with what every one of them shows: metrics, readiness, and what it has applied.

#include <memory>
#include <string>
#include <vector>

#include "platform/inbox/inbox.hpp"
#include "platform/worker/role_database.hpp"

namespace tidegate::platform {

/// Where a topic's events come from: the producer's database and the peer that serves its outbox.
struct EventSource {
  std::string_view topic;
  std::string_view producer;  ///< "gateway-0"
  std::string_view peer;      ///< "gateway.http"
};
EventSource source_of(std::string_view topic);

/// `group` is the consumer group. Serves `GET /v1/consumers/{group}/applied` to the operator.
class RoleInboxes {
 public:
  RoleInboxes(RoleContext& context, RoleDatabase& database, std::string group);
  /// One inbox per topic, and one per shard of the gateway for payments (`--shards`); before start().
  void add(std::string_view topic, Apply apply, Applied applied = {});
  Result<void> start();
  void stop();
  /// The oldest of its inboxes' times (Inbox::caught_up_at_ms). Thread-safe.
  std::int64_t caught_up_at_ms() const;

 private:
  void add_inbox(InboxOptions options, Apply apply, Applied applied);

  RoleContext& context_;
  RoleDatabase& database_;
  const std::string group_;
  std::vector<std::unique_ptr<Inbox>> inboxes_;
};

}  // namespace tidegate::platform
