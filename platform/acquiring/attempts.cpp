#include "platform/acquiring/attempts.hpp"

#include "base/assert.hpp"
#include "base/time.hpp"
#include "platform/events/payment_events.hpp"

namespace tidegate::platform {
namespace {

constexpr Migration kMigrations[] = {
    {100,
     "CREATE TABLE attempts (sequence INTEGER PRIMARY KEY, reference TEXT NOT NULL UNIQUE, payment TEXT NOT NULL,"
     " merchant TEXT NOT NULL, amount INTEGER NOT NULL, currency TEXT NOT NULL, card_token TEXT NOT NULL,"
     " client_key TEXT NOT NULL, traceparent TEXT NOT NULL, status TEXT NOT NULL, auth_code TEXT NOT NULL DEFAULT '',"
     " reason TEXT NOT NULL DEFAULT '', created_at_ms INTEGER NOT NULL, resolved_at_ms INTEGER NOT NULL DEFAULT 0)"},
    {101, "CREATE INDEX attempts_open ON attempts (sequence) WHERE status = 'open'"},
};

std::int64_t unix_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(unix_now()).count();
}

std::string_view status_of(BankAnswer::Kind kind) {
  switch (kind) {
    case BankAnswer::Kind::approved:
      return "approved";
    case BankAnswer::Kind::declined:
      return "declined";
    case BankAnswer::Kind::rejected:
      return "rejected";
    case BankAnswer::Kind::not_known:
    case BankAnswer::Kind::unknown:
      break;
  }
  return {};
}

}  // namespace

std::span<const Migration> attempt_migrations() {
  return kMigrations;
}

Result<Attempt> Attempt::from_event(const Envelope& event) {
  auto created = PaymentCreated::from_data(event.data);
  if (!created) return created.error();
  return Attempt{event.payment + "-a1", event.payment,       event.tenant,        created->amount,
                 created->currency,     created->card_token, created->client_key, event.traceparent};
}

Result<void> insert_attempt(Connection& connection, const Attempt& attempt) {
  auto inserted = connection.execute(
      "INSERT OR IGNORE INTO attempts (reference, payment, merchant, amount, currency, card_token, client_key,"
      " traceparent, status, created_at_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, 'open', ?9)",
      {attempt.reference, attempt.payment, attempt.merchant, attempt.amount, attempt.currency, attempt.card_token,
       attempt.client_key, attempt.traceparent, unix_ms()});
  if (!inserted) return inserted.error();
  return {};
}

Result<bool> resolve_attempt(Connection& connection, const std::string& reference, const BankAnswer& answer) {
  const std::string_view status = status_of(answer.kind);
  TIDEGATE_ASSERT(!status.empty());
  auto changed = connection.execute(
      "UPDATE attempts SET status = ?2, auth_code = ?3, reason = ?4, resolved_at_ms = ?5"
      " WHERE reference = ?1 AND status = 'open'",
      {reference, status, answer.auth_code, answer.reason, unix_ms()});
  if (!changed) return changed.error();
  return *changed == 1;
}

Result<std::vector<Attempt>> open_attempts(Connection& reader) {
  std::vector<Attempt> attempts;
  const auto text = [](const Row& row, int column) { return std::string(row.text(column)); };
  auto read = reader.query(
      "SELECT reference, payment, merchant, amount, currency, card_token, client_key, traceparent FROM attempts"
      " WHERE status = 'open' ORDER BY sequence",
      {}, [&](const Row& row) {
        attempts.push_back({text(row, 0), text(row, 1), text(row, 2), row.integer(3), text(row, 4), text(row, 5),
                            text(row, 6), text(row, 7)});
        return true;
      });
  if (!read) return read.error();
  return attempts;
}

Result<json::array> read_attempts(Connection& reader, std::int64_t after, std::int64_t as_of, std::int64_t limit,
                                  std::int64_t& last) {
  json::array items;
  auto read = reader.query(
      "SELECT sequence, reference, payment, merchant, amount, currency, status, created_at_ms, resolved_at_ms"
      " FROM attempts WHERE sequence > ?1 AND sequence <= ?2 ORDER BY sequence LIMIT ?3",
      {after, as_of, limit}, [&](const Row& row) {
        last = row.integer(0);
        items.push_back(json::object{{"sequence", row.integer(0)},
                                     {"reference", row.text(1)},
                                     {"payment", row.text(2)},
                                     {"merchant", row.text(3)},
                                     {"amount", row.integer(4)},
                                     {"currency", row.text(5)},
                                     {"status", row.text(6)},
                                     {"created_at_ms", row.integer(7)},
                                     {"resolved_at_ms", row.integer(8)}});
        return true;
      });
  if (!read) return read.error();
  return items;
}

Result<std::int64_t> last_attempt(Connection& reader) {
  std::int64_t last = 0;
  auto read = reader.query("SELECT coalesce(max(sequence), 0) FROM attempts", {}, [&](const Row& row) {
    last = row.integer(0);
    return false;
  });
  if (!read) return read.error();
  return last;
}

}  // namespace tidegate::platform
