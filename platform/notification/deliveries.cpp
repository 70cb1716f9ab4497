#include "platform/notification/deliveries.hpp"

#include <algorithm>

#include "platform/worker/export_page.hpp"

namespace tidegate::platform {
namespace {

constexpr Migration kMigrations[] = {
    {100,
     "CREATE TABLE endpoints (id TEXT PRIMARY KEY, tenant TEXT NOT NULL, url TEXT NOT NULL, secret TEXT NOT NULL,"
     " types TEXT NOT NULL) WITHOUT ROWID"},
    {101,
     "CREATE TABLE deliveries (id INTEGER PRIMARY KEY AUTOINCREMENT, event TEXT NOT NULL, endpoint TEXT NOT NULL,"
     " tenant TEXT NOT NULL, type TEXT NOT NULL, payload TEXT NOT NULL, priority INTEGER NOT NULL, attempts INTEGER NOT"
     " NULL DEFAULT 0, next_at_ms INTEGER NOT NULL, state TEXT NOT NULL DEFAULT 'pending', cause TEXT NOT NULL DEFAULT"
     " '', UNIQUE (event, endpoint))"},
    {102, "CREATE INDEX deliveries_pending ON deliveries (id) WHERE state = 'pending'"},
    {103, "CREATE INDEX deliveries_dead ON deliveries (id) WHERE state = 'dead'"},
};

#define DELIVERY_COLUMNS "id, event, endpoint, tenant, type, priority, attempts, next_at_ms, cause"

PendingDelivery delivery_from(const Row& row) {
  PendingDelivery delivery;
  delivery.id = row.integer(0);
  delivery.event = row.text(1);
  delivery.endpoint = row.text(2);
  delivery.tenant = row.text(3);
  delivery.type = row.text(4);
  delivery.priority = static_cast<Priority>(row.integer(5));
  delivery.attempts = row.integer(6);
  delivery.next_at_ms = row.integer(7);
  delivery.cause = row.text(8);
  return delivery;
}

Result<std::vector<PendingDelivery>> read_all(Connection& reader, std::string_view sql,
                                              std::initializer_list<Connection::Value> values) {
  std::vector<PendingDelivery> deliveries;
  auto read = reader.query(sql, values, [&](const Row& row) {
    deliveries.push_back(delivery_from(row));
    return true;
  });
  if (!read) return read.error();
  return deliveries;
}

Result<void> done(Result<std::int64_t> changed) {
  if (!changed) return changed.error();
  return {};
}

}  // namespace

std::span<const Migration> delivery_migrations() {
  return kMigrations;
}

bool Endpoint::wants(std::string_view type) const {
  return types.empty() || std::find(types.begin(), types.end(), type) != types.end();
}

json::object Endpoint::to_json() const {
  return {{"id", id}, {"url", url}, {"types", json::array(types.begin(), types.end())}};
}

Result<void> insert_endpoint(Connection& connection, const Endpoint& endpoint) {
  const std::string types = json::serialize(json::array(endpoint.types.begin(), endpoint.types.end()));
  return done(connection.execute("INSERT INTO endpoints (id, tenant, url, secret, types) VALUES (?1, ?2, ?3, ?4, ?5)",
                                 {endpoint.id, endpoint.tenant, endpoint.url, endpoint.secret, types}));
}

Result<bool> remove_endpoint(Connection& connection, const std::string& tenant, const std::string& id) {
  auto removed = connection.execute("DELETE FROM endpoints WHERE id = ?1 AND tenant = ?2", {id, tenant});
  if (!removed) return removed.error();
  return *removed == 1;
}

Result<std::vector<Endpoint>> read_endpoints(Connection& reader) {
  std::vector<Endpoint> endpoints;
  auto read = reader.query("SELECT id, tenant, url, secret, types FROM endpoints", {}, [&](const Row& row) {
    Endpoint endpoint{
        std::string(row.text(0)), std::string(row.text(1)), std::string(row.text(2)), std::string(row.text(3)), {}};
    if (const auto types = parse_json(row.text(4))) {
      for (const json::value& type : types->as_array()) endpoint.types.emplace_back(type.as_string());
    }
    endpoints.push_back(std::move(endpoint));
    return true;
  });
  if (!read) return read.error();
  return endpoints;
}

Result<std::optional<std::int64_t>> insert_delivery(Connection& connection, const PendingDelivery& delivery) {
  auto inserted = connection.execute(
      "INSERT OR IGNORE INTO deliveries (event, endpoint, tenant, type, payload, priority, next_at_ms)"
      " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
      {delivery.event, delivery.endpoint, delivery.tenant, delivery.type, delivery.payload,
       static_cast<std::int64_t>(delivery.priority), delivery.next_at_ms});
  if (!inserted) return inserted.error();
  if (*inserted == 0) return std::optional<std::int64_t>();
  return std::optional<std::int64_t>(connection.last_row());
}

Result<std::optional<PendingDelivery>> find_delivery(Connection& reader, std::int64_t id) {
  std::optional<PendingDelivery> found;
  auto read = reader.query("SELECT " DELIVERY_COLUMNS ", payload FROM deliveries WHERE id = ?1 AND state = 'pending'",
                           {id}, [&](const Row& row) {
                             found = delivery_from(row);
                             found->payload = row.text(9);
                             return false;
                           });
  if (!read) return read.error();
  return found;
}

Result<std::vector<PendingDelivery>> pending_deliveries(Connection& reader) {
  return read_all(reader, "SELECT " DELIVERY_COLUMNS " FROM deliveries WHERE state = 'pending' ORDER BY id", {});
}

Result<void> note_delivered(Connection& connection, std::int64_t id, std::int64_t attempts) {
  return done(connection.execute("UPDATE deliveries SET state = 'delivered', attempts = ?2, cause = '' WHERE id = ?1",
                                 {id, attempts}));
}

Result<void> note_failed(Connection& connection, const PendingDelivery& delivery) {
  return done(connection.execute("UPDATE deliveries SET attempts = ?2, next_at_ms = ?3, cause = ?4 WHERE id = ?1",
                                 {delivery.id, delivery.attempts, delivery.next_at_ms, delivery.cause}));
}

Result<bool> bury(Connection& connection, const PendingDelivery& delivery) {
  auto buried = connection.execute("UPDATE deliveries SET state = 'dead', attempts = ?2, cause = ?3 WHERE id = ?1",
                                   {delivery.id, delivery.attempts, delivery.cause});
  if (!buried) return buried.error();
  return true;
}

Result<bool> forget(Connection& connection, const PendingDelivery& delivery) {
  auto forgotten = connection.execute("DELETE FROM deliveries WHERE id = ?1", {delivery.id});
  if (!forgotten) return forgotten.error();
  return false;
}

Result<std::int64_t> count_dead(Connection& reader) {
  return last_sequence_of(reader, "SELECT count(*) FROM deliveries WHERE state = 'dead'");
}

Result<std::vector<PendingDelivery>> dead_letters(Connection& reader, const std::string& tenant, std::int64_t after,
                                                  std::int64_t limit) {
  return read_all(reader,
                  "SELECT " DELIVERY_COLUMNS
                  " FROM deliveries WHERE state = 'dead' AND id > ?1 AND (?2 = '' OR tenant = ?2) ORDER BY id LIMIT ?3",
                  {after, tenant, limit});
}

Result<std::vector<PendingDelivery>> revive(Connection& connection, const std::string& tenant,
                                            const std::vector<std::int64_t>& ids, std::int64_t now_ms) {
  auto dead = dead_letters(connection, tenant, 0, -1);  // no limit
  if (!dead) return dead.error();
  std::erase_if(*dead, [&](const PendingDelivery& delivery) {
    return !ids.empty() && std::find(ids.begin(), ids.end(), delivery.id) == ids.end();
  });
  for (PendingDelivery& delivery : *dead) {
    auto revived = connection.execute(
        "UPDATE deliveries SET state = 'pending', attempts = 0, next_at_ms = ?2 WHERE id = ?1", {delivery.id, now_ms});
    if (!revived) return revived.error();
    delivery.attempts = 0;
    delivery.next_at_ms = now_ms;
  }
  return dead;
}

Result<json::array> read_deliveries(Connection& reader, std::int64_t after, std::int64_t as_of, std::int64_t limit,
                                    std::int64_t& last) {
  json::array items;
  auto read =
      reader.query("SELECT " DELIVERY_COLUMNS ", state FROM deliveries WHERE id > ?1 AND id <= ?2 ORDER BY id LIMIT ?3",
                   {after, as_of, limit}, [&](const Row& row) {
                     const PendingDelivery delivery = delivery_from(row);
                     last = delivery.id;
                     items.push_back(json::object{{"id", delivery.id},
                                                  {"event", delivery.event},
                                                  {"endpoint", delivery.endpoint},
                                                  {"tenant", delivery.tenant},
                                                  {"type", delivery.type},
                                                  {"attempts", delivery.attempts},
                                                  {"state", row.text(9)},
                                                  {"cause", delivery.cause}});
                     return true;
                   });
  if (!read) return read.error();
  return items;
}

Result<std::int64_t> last_delivery(Connection& reader) {
  return last_sequence_of(reader, "SELECT coalesce(max(id), 0) FROM deliveries");
}

}  // namespace tidegate::platform
