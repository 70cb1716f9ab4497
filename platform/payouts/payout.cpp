#include "platform/payouts/payout.hpp"

#include <algorithm>
#include <charconv>

#include "platform/events/worker_events.hpp"
#include "platform/service/wall_clock.hpp"
#include "platform/worker/caller.hpp"

namespace tidegate::platform {
namespace {

constexpr std::int64_t kLargestAmount = 999'999'999'999;
constexpr std::size_t kLongestAccount = 64;

constexpr Migration kMigrations[] = {
    {100,
     "CREATE TABLE payouts (sequence INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, tenant TEXT NOT NULL, network TEXT "
     "NOT NULL, amount INTEGER NOT NULL, currency TEXT NOT NULL, account TEXT NOT NULL, batch TEXT NOT NULL, status "
     "TEXT NOT NULL, reason TEXT NOT NULL, traceparent TEXT NOT NULL, created_at_ms INTEGER NOT NULL);"
     "CREATE INDEX payouts_reserved ON payouts (sequence) WHERE status = 'reserved';"
     "CREATE INDEX payouts_of_batch ON payouts (batch) WHERE batch <> ''"},
    {101,
     "CREATE TABLE payout_keys (tenant TEXT NOT NULL, route TEXT NOT NULL, key TEXT NOT NULL, id TEXT NOT NULL,"
     " fingerprint INTEGER NOT NULL, PRIMARY KEY (tenant, route, key)) WITHOUT ROWID"},
};

#define PAYOUT_COLUMNS "id, tenant, network, currency, account, amount, batch, status, reason, traceparent"

Payout payout_from(const Row& row) {
  const auto text = [&](int column) { return std::string(row.text(column)); };
  return {text(0), text(1), text(2), text(3), text(4), row.integer(5), text(6), text(7), text(8), text(9)};
}

bool is_network(std::string_view name) {
  constexpr std::string_view prefix = "network-";
  if (name.size() != prefix.size() + 2 || name.substr(0, prefix.size()) != prefix) return false;
  int number = 0;
  const auto [end, failed] = std::from_chars(name.data() + prefix.size(), name.data() + name.size(), number);
  return failed == std::errc() && end == name.data() + name.size() && number >= 1 && number <= kNetworks;
}

bool is_visible(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7f; });
}

}  // namespace

std::span<const Migration> payout_migrations() {
  return kMigrations;
}

Result<Payout> Payout::from_request(const json::object& body) {
  Payout payout;
  for (const auto& [key, value] : body) {
    const std::string_view name = key;
    if (name != "network" && name != "amount" && name != "currency" && name != "account") {
      return usage_error("unknown member '" + std::string(name.substr(0, 40)) +
                         "': a payout has network, amount, currency and account");
    }
  }
  payout.network = string_member(body, "network").value_or("");
  if (!is_network(payout.network)) return usage_error("network is network-01 to network-12");
  const auto amount = integer_member(body, "amount");
  if (!amount || *amount < 1 || *amount > kLargestAmount) {
    return usage_error("amount is an integer in the currency's minor unit, from 1 to " +
                       std::to_string(kLargestAmount));
  }
  payout.amount = *amount;
  payout.currency = string_member(body, "currency").value_or("");
  if (!is_currency(payout.currency)) return usage_error("currency is a code of three capitals, as in ISO 4217");
  payout.account = string_member(body, "account").value_or("");
  if (payout.account.empty() || payout.account.size() > kLongestAccount || !is_visible(payout.account)) {
    return usage_error("account is 1 to 64 visible ASCII characters");
  }
  return payout;
}

json::object Payout::to_json() const {
  json::object object{{"id", id},         {"status", status},     {"network", network},
                      {"amount", amount}, {"currency", currency}, {"account", account}};
  if (!batch.empty()) object["batch"] = batch;
  if (!reason.empty()) object["reason"] = reason;
  return object;
}

Envelope Payout::to_event(std::string_view type) const {
  Envelope event;
  event.type = type;
  event.payment = id;
  event.tenant = tenant;
  event.data = PayoutData{amount, currency, network, batch, reason}.to_data();
  return event;
}

Result<std::optional<KeyedPayouts>> find_payout_key(Connection& connection, const std::string& tenant,
                                                    std::string_view route, const std::string& key) {
  std::optional<KeyedPayouts> found;
  auto read = connection.query("SELECT id, fingerprint FROM payout_keys WHERE tenant = ?1 AND route = ?2 AND key = ?3",
                               {tenant, route, key}, [&](const Row& row) {
                                 found = KeyedPayouts{std::string(row.text(0)), row.integer(1)};
                                 return false;
                               });
  if (!read) return read.error();
  return found;
}

Result<void> insert_payout_key(Connection& connection, const std::string& tenant, std::string_view route,
                               const std::string& key, const KeyedPayouts& keyed) {
  auto inserted =
      connection.execute("INSERT INTO payout_keys (tenant, route, key, id, fingerprint) VALUES (?1, ?2, ?3, ?4, ?5)",
                         {tenant, route, key, keyed.id, keyed.fingerprint});
  if (!inserted) return inserted.error();
  return {};
}

Result<void> insert_payout(Connection& connection, const Payout& payout) {
  auto inserted = connection.execute(
      "INSERT INTO payouts (" PAYOUT_COLUMNS ", created_at_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
      {payout.id, payout.tenant, payout.network, payout.currency, payout.account, payout.amount, payout.batch,
       payout.status, payout.reason, payout.traceparent, wall_now_ms()});
  if (!inserted) return inserted.error();
  return {};
}

Result<std::optional<Payout>> find_payout(Connection& reader, const std::string& id) {
  std::optional<Payout> found;
  auto read = reader.query("SELECT " PAYOUT_COLUMNS " FROM payouts WHERE id = ?1", {id}, [&](const Row& row) {
    found = payout_from(row);
    return false;
  });
  if (!read) return read.error();
  return found;
}

Result<bool> step_payout(Connection& connection, const std::string& id, std::string_view from, std::string_view to,
                         std::string_view reason) {
  auto changed = connection.execute("UPDATE payouts SET status = ?3, reason = ?4 WHERE id = ?1 AND status = ?2",
                                    {id, from, to, reason});
  if (!changed) return changed.error();
  return *changed == 1;
}

Result<std::vector<Payout>> reserved_payouts(Connection& reader) {
  std::vector<Payout> payouts;
  auto read = reader.query("SELECT " PAYOUT_COLUMNS " FROM payouts WHERE status = 'reserved' ORDER BY sequence", {},
                           [&](const Row& row) {
                             payouts.push_back(payout_from(row));
                             return true;
                           });
  if (!read) return read.error();
  return payouts;
}

Result<std::optional<json::object>> batch_summary(Connection& reader, const std::string& tenant,
                                                  const std::string& batch) {
  json::object statuses;
  std::int64_t rows = 0;
  auto read = reader.query(
      "SELECT status, count(*) FROM payouts WHERE batch = ?1 AND batch <> '' AND tenant = ?2 GROUP BY status",
      {batch, tenant}, [&](const Row& row) {
        statuses[row.text(0)] = row.integer(1);
        rows += row.integer(1);
        return true;
      });
  if (!read) return read.error();
  if (rows == 0) return std::optional<json::object>();
  const auto of = [&](const char* status) { return integer_member(statuses, status).value_or(0); };
  const bool finished = of("paid") + of("failed") + of("refused") == rows;
  return std::optional<json::object>(json::object{
      {"id", batch}, {"status", finished ? "finished" : "processing"}, {"payouts", rows}, {"by_status", statuses}});
}

}  // namespace tidegate::platform
