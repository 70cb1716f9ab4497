#include "platform/migrator/transaction.hpp"

#include "base/random.hpp"
#include "platform/events/event_data.hpp"
#include "platform/worker/export_page.hpp"

namespace tidegate::platform {
namespace {

constexpr std::size_t kLongestText = 64;

#define TABLE                                                                                                     \
  "CREATE TABLE transactions (id INTEGER PRIMARY KEY, merchant TEXT NOT NULL, amount INTEGER NOT NULL, currency " \
  "TEXT NOT NULL, status TEXT NOT NULL, version INTEGER NOT NULL);"

constexpr Migration kLegacy[] = {
    {100, TABLE
     "CREATE TABLE changes (sequence INTEGER PRIMARY KEY AUTOINCREMENT, id INTEGER NOT NULL);"
     "CREATE TRIGGER capture_insert AFTER INSERT ON transactions BEGIN INSERT INTO changes (id) VALUES (new.id); END;"
     "CREATE TRIGGER capture_update AFTER UPDATE ON transactions BEGIN INSERT INTO changes (id) VALUES (new.id); END;"
     "CREATE TRIGGER capture_delete AFTER DELETE ON transactions BEGIN INSERT INTO changes (id) VALUES (old.id); END"},
};
constexpr Migration kTarget[] = {
    {100, TABLE "CREATE TABLE progress (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID"},
};

#define COLUMNS "id, merchant, amount, currency, status, version"

LegacyTransaction transaction_from(const Row& row) {
  return {row.integer(0),           std::string(row.text(1)), std::string(row.text(3)),
          std::string(row.text(4)), row.integer(2),           row.integer(5)};
}

Result<void> done(Result<std::int64_t> changed) {
  if (!changed) return changed.error();
  return {};
}

}  // namespace

std::span<const Migration> legacy_migrations() {
  return kLegacy;
}
std::span<const Migration> target_migrations() {
  return kTarget;
}

Result<LegacyTransaction> LegacyTransaction::from_request(const json::object& body) {
  LegacyTransaction transaction;
  transaction.id = integer_member(body, "id").value_or(0);
  if (transaction.id < 1) return usage_error("id is a whole number from 1");
  transaction.amount = integer_member(body, "amount").value_or(0);
  if (transaction.amount < 1) return usage_error("amount is a whole number of minor units from 1");
  transaction.currency = string_member(body, "currency").value_or("");
  if (!is_currency(transaction.currency)) return usage_error("currency is a code of three capitals");
  for (const auto& [key, target] : {std::pair{"merchant", &transaction.merchant}, {"status", &transaction.status}}) {
    *target = string_member(body, key).value_or("");
    if (target->empty() || target->size() > kLongestText) {
      return usage_error(std::string(key) + " is a text of 1 to 64 bytes");
    }
  }
  return transaction;
}

json::object LegacyTransaction::to_json() const {
  return {{"id", id},         {"merchant", merchant}, {"amount", amount}, {"currency", currency},
          {"status", status}, {"version", version}};
}

Result<std::optional<LegacyTransaction>> find_transaction(Connection& connection, std::int64_t id) {
  std::optional<LegacyTransaction> found;
  auto read = connection.query("SELECT " COLUMNS " FROM transactions WHERE id = ?1", {id}, [&](const Row& row) {
    found = transaction_from(row);
    return false;
  });
  if (!read) return read.error();
  return found;
}

Result<std::vector<LegacyTransaction>> read_transactions(Connection& connection, std::int64_t after, std::int64_t to,
                                                         std::int64_t limit) {
  std::vector<LegacyTransaction> rows;
  auto read = connection.query("SELECT " COLUMNS
                               " FROM transactions WHERE id > ?1 AND (?2 = 0 OR id <= ?2) ORDER BY id LIMIT ?3",
                               {after, to, limit}, [&](const Row& row) {
                                 rows.push_back(transaction_from(row));
                                 return true;
                               });
  if (!read) return read.error();
  return rows;
}

Result<LegacyTransaction> write_transaction(Connection& connection, LegacyTransaction transaction) {
  auto written = connection.execute(
      "INSERT INTO transactions (" COLUMNS
      ") VALUES (?1, ?2, ?3, ?4, ?5, 1) ON CONFLICT (id) DO UPDATE SET"
      " merchant = ?2, amount = ?3, currency = ?4, status = ?5, version = version + 1",
      {transaction.id, transaction.merchant, transaction.amount, transaction.currency, transaction.status});
  if (!written) return written.error();
  auto found = find_transaction(connection, transaction.id);
  if (!found) return found.error();
  return std::move(**found);
}

Result<void> copy_transaction(Connection& connection, const LegacyTransaction& transaction) {
  return done(
      connection.execute("INSERT INTO transactions (" COLUMNS
                         ") VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (id) DO UPDATE SET"
                         " merchant = ?2, amount = ?3, currency = ?4, status = ?5, version = ?6 WHERE version < ?6",
                         {transaction.id, transaction.merchant, transaction.amount, transaction.currency,
                          transaction.status, transaction.version}));
}

Result<void> delete_transaction(Connection& connection, std::int64_t id) {
  return done(connection.execute("DELETE FROM transactions WHERE id = ?1", {id}));
}

Result<std::int64_t> last_transaction(Connection& connection) {
  return last_sequence_of(connection, "SELECT coalesce(max(id), 0) FROM transactions");
}

Result<std::vector<CapturedChange>> read_changes(Connection& legacy, std::int64_t after, std::int64_t limit) {
  std::vector<CapturedChange> changes;
  auto read = legacy.query("SELECT sequence, id FROM changes WHERE sequence > ?1 ORDER BY sequence LIMIT ?2",
                           {after, limit}, [&](const Row& row) {
                             changes.push_back({row.integer(0), row.integer(1)});
                             return true;
                           });
  if (!read) return read.error();
  return changes;
}

Result<std::int64_t> last_change(Connection& legacy) {
  return last_sequence_of(legacy, "SELECT coalesce(max(sequence), 0) FROM changes");
}

Result<std::int64_t> read_progress(Connection& target, std::string_view name) {
  std::int64_t value = 0;
  auto read = target.query("SELECT value FROM progress WHERE name = ?1", {name}, [&](const Row& row) {
    value = row.integer(0);
    return false;
  });
  if (!read) return read.error();
  return value;
}

Result<void> write_progress(Connection& target, std::string_view name, std::int64_t value) {
  return done(target.execute(
      "INSERT INTO progress (name, value) VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET value = ?2", {name, value}));
}

Result<RangeChecksum> checksum_of(Connection& connection, std::int64_t range) {
  RangeChecksum checksum;
  auto read = connection.query("SELECT " COLUMNS " FROM transactions WHERE id > ?1 AND id <= ?2",
                               {range * kRange, (range + 1) * kRange}, [&](const Row& row) {
                                 const LegacyTransaction found = transaction_from(row);
                                 checksum.rows += 1;
                                 checksum.sum += stable_hash(json::serialize(found.to_json()));
                                 return true;
                               });
  if (!read) return read.error();
  return checksum;
}

}  // namespace tidegate::platform
