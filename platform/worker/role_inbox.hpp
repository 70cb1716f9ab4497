#pragma once
// The inboxes of a role, with what every one of them shows: metrics, readiness, and what it has applied.

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "platform/inbox/inbox.hpp"
#include "platform/worker/role_database.hpp"

namespace tidegate::platform {

/// Where a topic's events come from: the producer and the peer that serves its outbox.
struct EventSource {
  std::string_view topic;
  std::string_view producer;  ///< "gateway"; its databases are gateway-0, gateway-1, ...
  std::string_view peer;      ///< "gateway.http"
};
EventSource source_of(std::string_view topic);
/// Whether its producer is split into shards (`--shards`), each with streams of its own.
bool is_sharded(std::string_view topic);

/// As the members of InboxOptions.
struct Intake {
  std::function<bool()> busy = {};
  std::vector<std::string_view> types = {};
};

/// `group` is the consumer group. Serves `GET /v1/consumers/{group}/applied` to the operator, with the topics that it
/// reads; `?topic=` of one topic alone.
class RoleInboxes {
 public:
  RoleInboxes(RoleContext& context, std::string group);
  /// One inbox per topic, and one per shard of a producer that is split; before start(). Databases outlive this.
  void add(RoleDatabase& database, std::string_view topic, Apply apply, Applied applied = {}, Intake intake = {});
  /// For a role that is split as its producers are: of those, the shard of that number; of others, everything.
  void add_shard(std::size_t number, RoleDatabase& database, std::string_view topic, Apply apply, Applied applied);
  Result<void> start();
  void stop();
  /// The oldest of its inboxes' times (Inbox::caught_up_at_ms). Thread-safe.
  std::int64_t caught_up_at_ms() const;

 private:
  void add_inbox(RoleDatabase& database, std::string_view topic, std::size_t group_number, std::size_t producer_number,
                 Apply apply, Applied applied, Intake intake = {});
  http::Response serve_applied(const http::Request& request) const;

  RoleContext& context_;
  const std::string group_;
  std::vector<RoleDatabase*> databases_;
  std::set<std::string_view> topics_;  // that it reads
  std::vector<std::unique_ptr<Inbox>> inboxes_;
};

}  // namespace tidegate::platform
