#pragma once
// Endpoints of tenants, and what is to be delivered to them: rows, so that neither is lost.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "platform/notification/queue.hpp"
#include "platform/store/store.hpp"

namespace tidegate::platform {

std::span<const Migration> delivery_migrations();

/// Where a tenant wants to be told. Sinks stand for SMS, e-mail and in-app providers: url "sms:", "email:", "in-app:".
struct Endpoint {
  std::string id, tenant, url, secret;
  std::vector<std::string> types;  ///< of events; empty: all

  bool wants(std::string_view type) const;
  /// Without the secret.
  json::object to_json() const;
};
Result<void> insert_endpoint(Connection& connection, const Endpoint& endpoint);
Result<bool> remove_endpoint(Connection& connection, const std::string& tenant, const std::string& id);
Result<std::vector<Endpoint>> read_endpoints(Connection& reader);

struct PendingDelivery {
  std::int64_t id = 0;
  std::string event, endpoint, tenant, type, payload;
  Priority priority = Priority::normal;
  std::int64_t attempts = 0;
  std::int64_t next_at_ms = 0;
  std::string cause = {};  ///< of the last failure

  DeliveryQueue::Item item() const { return {id, endpoint, priority}; }
};
/// Nothing when the event is told to that endpoint already; else the row's id.
Result<std::optional<std::int64_t>> insert_delivery(Connection& connection, const PendingDelivery& delivery);
Result<std::optional<PendingDelivery>> find_delivery(Connection& reader, std::int64_t id);
/// All pending, without their payloads.
Result<std::vector<PendingDelivery>> pending_deliveries(Connection& reader);

Result<void> note_delivered(Connection& connection, std::int64_t id, std::int64_t attempts);
Result<void> note_failed(Connection& connection, const PendingDelivery& delivery);
/// Becomes a dead letter: true.
Result<bool> bury(Connection& connection, const PendingDelivery& delivery);
/// Is no more: false.
Result<bool> forget(Connection& connection, const PendingDelivery& delivery);

Result<std::int64_t> count_dead(Connection& reader);
/// Of one tenant, or of all when `tenant` is empty; after < id, ascending.
Result<std::vector<PendingDelivery>> dead_letters(Connection& reader, const std::string& tenant, std::int64_t after,
                                                  std::int64_t limit);
/// Makes dead letters pending again, from attempt 0 and with the same event id; an empty list means all of the
/// tenant's, an empty tenant all tenants'. Returns them.
Result<std::vector<PendingDelivery>> revive(Connection& connection, const std::string& tenant,
                                            const std::vector<std::int64_t>& ids, std::int64_t now_ms);

Result<json::array> read_deliveries(Connection& reader, std::int64_t after, std::int64_t as_of, std::int64_t limit,
                                    std::int64_t& last);
Result<std::int64_t> last_delivery(Connection& reader);

}  // namespace tidegate::platform
