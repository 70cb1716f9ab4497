#include "platform/ledger/transfers.hpp"

#include <array>

#include "base/assert.hpp"
#include "platform/service/wall_clock.hpp"
#include "platform/worker/caller.hpp"
#include "platform/worker/export_page.hpp"

namespace tidegate::platform {
namespace {

constexpr Migration kTransferMigrations[] = {
    {100,
     "CREATE TABLE transfers (id INTEGER PRIMARY KEY, payment TEXT NOT NULL, kind TEXT NOT NULL, reference TEXT NOT "
     "NULL, merchant TEXT NOT NULL, currency TEXT NOT NULL, amount INTEGER NOT NULL, at_ms INTEGER NOT NULL,"
     " UNIQUE (payment, kind, reference))"},
    {101,
     "CREATE TABLE entries (sequence INTEGER PRIMARY KEY, transfer INTEGER NOT NULL, account TEXT NOT NULL,"
     " direction TEXT NOT NULL, amount INTEGER NOT NULL)"},
    {102,
     "CREATE TABLE standings (payment TEXT PRIMARY KEY, merchant TEXT NOT NULL, currency TEXT NOT NULL, amount INTEGER "
     "NOT NULL, captured INTEGER NOT NULL, released INTEGER NOT NULL, refunded INTEGER NOT NULL, settled INTEGER NOT "
     "NULL, cleared INTEGER NOT NULL, due INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID"},
    {103, "CREATE INDEX standings_due ON standings (payment) WHERE due = 1"},
    {104,
     "CREATE TABLE balances (account TEXT NOT NULL, owner TEXT NOT NULL, currency TEXT NOT NULL, balance INTEGER NOT "
     "NULL, PRIMARY KEY (account, owner, currency)) WITHOUT ROWID"},
    {105, "CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID"},
};

bool has_balance(std::string_view account) {
  return account == account::merchant_payable || account.substr(0, 7) == "wallet/";
}

constexpr std::size_t kMostEntries = 5;
constexpr std::size_t kColumns = 4;

/// One statement for all entries of a transfer.
Result<void> insert_entries(Connection& connection, std::int64_t transfer, const std::vector<Entry>& entries) {
  static const std::array<std::string, kMostEntries> statements = [] {
    std::array<std::string, kMostEntries> texts;
    std::string text = "INSERT INTO entries (transfer, account, direction, amount) VALUES (?, ?, ?, ?)";
    for (std::string& each : texts) {
      each = text;
      text += ", (?, ?, ?, ?)";
    }
    return texts;
  }();
  TIDEGATE_ASSERT(!entries.empty() && entries.size() <= kMostEntries);
  std::array<Connection::Value, kMostEntries * kColumns> values;
  std::size_t count = 0;
  for (const Entry& entry : entries) {
    for (const Connection::Value value :
         {Connection::Value(transfer), Connection::Value(entry.account), Connection::Value(to_string(entry.direction)),
          Connection::Value(entry.amount)}) {
      values[count++] = value;
    }
  }
  auto inserted = connection.execute(statements[entries.size() - 1], std::span(values.data(), count));
  if (!inserted) return inserted.error();
  return {};
}

Result<void> move_balance(Connection& connection, const Transfer& transfer, const Entry& entry) {
  const std::int64_t change = entry.direction == Direction::credit ? entry.amount : -entry.amount;
  auto moved = connection.execute(
      "INSERT INTO balances (account, owner, currency, balance) VALUES (?1, ?2, ?3, ?4)"
      " ON CONFLICT (account, owner, currency) DO UPDATE SET balance = balance + ?4",
      {entry.account, transfer.merchant, transfer.currency, change});
  if (!moved) return moved.error();
  return {};
}

}  // namespace

std::span<const Migration> ledger_migrations() {
  return kTransferMigrations;
}

Result<bool> write_transfer(Connection& connection, const Transfer& transfer) {
  auto inserted = connection.execute(
      "INSERT OR IGNORE INTO transfers (payment, kind, reference, merchant, currency, amount, at_ms)"
      " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
      {transfer.payment, to_string(transfer.kind), transfer.reference, transfer.merchant, transfer.currency,
       transfer.amount, wall_now_ms()});
  if (!inserted) return inserted.error();
  if (*inserted == 0) return false;
  auto written = insert_entries(connection, connection.last_row(), transfer.entries);
  if (!written) return written.error();
  for (const Entry& entry : transfer.entries) {
    if (!has_balance(entry.account)) continue;
    if (auto moved = move_balance(connection, transfer, entry); !moved) return moved.error();
  }
  return true;
}

Result<std::optional<Standing>> find_standing(Connection& connection, const std::string& payment) {
  std::optional<Standing> found;
  auto read = connection.query(
      "SELECT merchant, currency, amount, captured, released, refunded, settled, cleared FROM standings"
      " WHERE payment = ?1",
      {payment}, [&](const Row& row) {
        found = Standing{payment,        std::string(row.text(0)), std::string(row.text(1)),
                         row.integer(2), row.integer(3),           row.integer(4),
                         row.integer(5), row.integer(6),           row.integer(7) != 0};
        return false;
      });
  if (!read) return read.error();
  return found;
}

Result<void> write_standing(Connection& connection, const Standing& standing, std::string_view settles_as) {
  const bool due = settles_as == "batch" && standing.cleared && standing.reserved() > 0;
  auto written = connection.execute(
      "INSERT INTO standings (payment, merchant, currency, amount, captured, released, refunded, settled, cleared, due)"
      " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)"
      " ON CONFLICT (payment) DO UPDATE SET captured = ?5, released = ?6, refunded = ?7, settled = ?8, cleared = ?9,"
      " due = ?10",
      {standing.payment, standing.merchant, standing.currency, standing.amount, standing.captured, standing.released,
       standing.refunded, standing.settled, standing.cleared ? 1 : 0, due ? 1 : 0});
  if (!written) return written.error();
  return {};
}

Result<std::int64_t> balance_of(Connection& connection, std::string_view account, std::string_view owner,
                                std::string_view currency) {
  std::int64_t balance = 0;
  auto read = connection.query("SELECT balance FROM balances WHERE account = ?1 AND owner = ?2 AND currency = ?3",
                               {account, owner, currency}, [&](const Row& row) {
                                 balance = row.integer(0);
                                 return false;
                               });
  if (!read) return read.error();
  return balance;
}

Result<json::array> read_entries(Connection& reader, std::int64_t after, std::int64_t as_of, std::int64_t limit,
                                 std::int64_t& last) {
  json::array items;
  auto read = reader.query(
      "SELECT e.sequence, e.transfer, t.payment, t.kind, e.account, e.direction, e.amount, t.currency, t.at_ms,"
      " t.merchant, t.reference FROM entries e JOIN transfers t ON t.id = e.transfer"
      " WHERE e.sequence > ?1 AND e.sequence <= ?2 ORDER BY e.sequence LIMIT ?3",
      {after, as_of, limit}, [&](const Row& row) {
        last = row.integer(0);
        items.push_back(json::object{{"sequence", row.integer(0)},
                                     {"transfer", row.integer(1)},
                                     {"payment", row.text(2)},
                                     {"kind", row.text(3)},
                                     {"account", row.text(4)},
                                     {"direction", row.text(5)},
                                     {"amount", row.integer(6)},
                                     {"currency", row.text(7)},
                                     {"at_ms", row.integer(8)},
                                     {"merchant", row.text(9)},
                                     {"reference", row.text(10)}});
        return true;
      });
  if (!read) return read.error();
  return items;
}

Result<std::int64_t> last_entry(Connection& reader) {
  return last_sequence_of(reader, "SELECT coalesce(max(sequence), 0) FROM entries");
}

}  // namespace tidegate::platform
