#include "platform/ledger/book.hpp"

#include "base/time.hpp"
#include "platform/events/payment_events.hpp"

namespace tidegate::platform {
namespace {

constexpr Migration kMigrations[] = {
    {100,
     "CREATE TABLE transfers (id INTEGER PRIMARY KEY, payment TEXT NOT NULL, kind TEXT NOT NULL, merchant TEXT NOT "
     "NULL,"
     " currency TEXT NOT NULL, amount INTEGER NOT NULL, at_ms INTEGER NOT NULL, UNIQUE (payment, kind))"},
    {101,
     "CREATE TABLE entries (sequence INTEGER PRIMARY KEY, transfer INTEGER NOT NULL, account TEXT NOT NULL,"
     " direction TEXT NOT NULL, amount INTEGER NOT NULL)"},
};

std::int64_t unix_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(unix_now()).count();
}

/// What is written about a payment so far.
struct Written {
  bool pending = false;
  std::optional<std::string> finished;  // "posted" or "released"
  std::int64_t amount = 0;
  std::string currency;
};

Result<Written> find_written(Connection& connection, const std::string& payment) {
  Written written;
  auto read = connection.query("SELECT kind, amount, currency FROM transfers WHERE payment = ?1", {payment},
                               [&](const Row& row) {
                                 if (row.text(0) == to_string(TransferKind::pending)) {
                                   written.pending = true;
                                   written.amount = row.integer(1);
                                   written.currency = row.text(2);
                                 } else {
                                   written.finished = row.text(0);
                                 }
                                 return true;
                               });
  if (!read) return read.error();
  return written;
}

/// A transfer that is there already stays as it is.
Result<void> write(Connection& connection, const Transfer& transfer) {
  auto inserted = connection.execute(
      "INSERT OR IGNORE INTO transfers (payment, kind, merchant, currency, amount, at_ms)"
      " VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
      {transfer.payment, to_string(transfer.kind), transfer.merchant, transfer.currency, transfer.amount, unix_ms()});
  if (!inserted) return inserted.error();
  if (*inserted == 0) return {};
  std::int64_t id = 0;
  auto found = connection.query("SELECT last_insert_rowid()", {}, [&](const Row& row) {
    id = row.integer(0);
    return false;
  });
  if (!found) return found;
  for (const Entry& entry : transfer.entries) {
    auto written =
        connection.execute("INSERT INTO entries (transfer, account, direction, amount) VALUES (?1, ?2, ?3, ?4)",
                           {id, entry.account, to_string(entry.direction), entry.amount});
    if (!written) return written.error();
  }
  return {};
}

Result<void> begin(Connection& connection, const Envelope& event) {
  auto created = PaymentCreated::from_data(event.data);
  if (!created) return created.error();
  return write(connection,
               make_transfer(TransferKind::pending, event.payment, event.tenant, created->currency, created->amount));
}

Result<void> finish(Connection& connection, const Envelope& event, TransferKind kind) {
  auto finished = PaymentFinished::from_data(event.data);
  if (!finished) return finished.error();
  const auto written = find_written(connection, event.payment);
  if (!written) return written.error();
  if (!written->pending) return internal_error(event.type + " for a payment that the ledger never saw");
  if (written->finished && *written->finished != to_string(kind)) {
    return internal_error(event.type + " for a payment that is " + *written->finished + " already");
  }
  if (written->amount != finished->amount || written->currency != finished->currency) {
    return internal_error(event.type + " with another amount than the payment's");
  }
  return write(connection, make_transfer(kind, event.payment, event.tenant, finished->currency, finished->amount));
}

}  // namespace

std::span<const Migration> ledger_migrations() {
  return kMigrations;
}

Result<void> post_event(Connection& connection, const Envelope& event) {
  if (event.type == event_type::payment_created) return begin(connection, event);
  if (event.type == event_type::payment_captured) return finish(connection, event, TransferKind::posted);
  if (event.type == event_type::payment_declined) return finish(connection, event, TransferKind::released);
  return {};
}

Result<json::array> read_entries(Connection& reader, std::int64_t after, std::int64_t as_of, std::int64_t limit,
                                 std::int64_t& last) {
  json::array items;
  auto read = reader.query(
      "SELECT e.sequence, e.transfer, t.payment, t.kind, e.account, e.direction, e.amount, t.currency, t.at_ms,"
      " t.merchant FROM entries e JOIN transfers t ON t.id = e.transfer"
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
                                     {"merchant", row.text(9)}});
        return true;
      });
  if (!read) return read.error();
  return items;
}

Result<std::int64_t> last_entry(Connection& reader) {
  std::int64_t last = 0;
  auto read = reader.query("SELECT coalesce(max(sequence), 0) FROM entries", {}, [&](const Row& row) {
    last = row.integer(0);
    return false;
  });
  if (!read) return read.error();
  return last;
}

}  // namespace tidegate::platform
