#include "platform/acquiring/attempts.hpp"

#include <array>

#include "base/assert.hpp"
#include "base/random.hpp"
#include "platform/events/payment_events.hpp"
#include "platform/service/wall_clock.hpp"
#include "platform/worker/caller.hpp"
#include "platform/worker/export_page.hpp"
#include "platform/worker/name_list.hpp"

namespace tidegate::platform {
namespace {

constexpr Migration kMigrations[] = {
    {100,
     "CREATE TABLE attempts (sequence INTEGER PRIMARY KEY, reference TEXT NOT NULL UNIQUE, payment TEXT NOT NULL,"
     " merchant TEXT NOT NULL, amount INTEGER NOT NULL, currency TEXT NOT NULL, card_token TEXT NOT NULL,"
     " client_key TEXT NOT NULL, traceparent TEXT NOT NULL, status TEXT NOT NULL, auth_code TEXT NOT NULL DEFAULT '',"
     " reason TEXT NOT NULL DEFAULT '', created_at_ms INTEGER NOT NULL, resolved_at_ms INTEGER NOT NULL DEFAULT 0)"},
    {101, "CREATE INDEX attempts_open ON attempts (sequence) WHERE status = 'open'"},
    {102,
     "ALTER TABLE attempts ADD COLUMN kind TEXT NOT NULL DEFAULT 'charge';"
     "ALTER TABLE attempts ADD COLUMN acquirer TEXT NOT NULL DEFAULT '';"
     "ALTER TABLE attempts ADD COLUMN cascade TEXT NOT NULL DEFAULT '';"
     "ALTER TABLE attempts ADD COLUMN target TEXT NOT NULL DEFAULT '';"
     "ALTER TABLE attempts ADD COLUMN settlement_currency TEXT NOT NULL DEFAULT '';"
     "ALTER TABLE attempts ADD COLUMN expires_at_ms INTEGER NOT NULL DEFAULT 0"},
    {103, "CREATE INDEX attempts_expiry ON attempts (expires_at_ms) WHERE status = 'approved' AND expires_at_ms > 0"},
    {104, "CREATE INDEX attempts_payment ON attempts (payment) WHERE kind <> 'charge'"},
};

constexpr std::array<std::string_view, 5> kKinds{"charge", "authorize", "capture", "refund", "cancel"};
constexpr int kAcquirers = 34;
constexpr int kCascade = 3;

#define ATTEMPT_COLUMNS                                                                                           \
  "reference, payment, merchant, amount, currency, card_token, client_key, traceparent, kind, acquirer, cascade," \
  " target, settlement_currency"

AttemptKind kind_from(std::string_view name) {
  for (std::size_t i = 0; i < kKinds.size(); ++i) {
    if (kKinds[i] == name) return static_cast<AttemptKind>(i);
  }
  TIDEGATE_ASSERT(false);
  return AttemptKind::charge;
}

Attempt attempt_from(const Row& row) {
  const auto text = [&](int column) { return std::string(row.text(column)); };
  return {text(0),
          text(1),
          text(2),
          row.integer(3),
          text(4),
          text(5),
          text(6),
          text(7),
          kind_from(row.text(8)),
          text(9),
          apart(row.text(10)),
          text(11),
          text(12)};
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

std::string acquirer_name(int number) {
  return "acq-" + std::string(number < 10 ? "0" : "") + std::to_string(number);
}

}  // namespace

std::span<const Migration> attempt_migrations() {
  return kMigrations;
}

std::string_view to_string(AttemptKind kind) noexcept {
  return kKinds[static_cast<std::size_t>(kind)];
}

bool is_command(AttemptKind kind) noexcept {
  return kind != AttemptKind::charge && kind != AttemptKind::authorize;
}

std::vector<std::string> default_cascade(std::string_view merchant) {
  const auto first = static_cast<int>(stable_hash(merchant) % kAcquirers);
  std::vector<std::string> names;
  for (int i = 0; i < kCascade; ++i) names.push_back(acquirer_name((first + i) % kAcquirers + 1));
  return names;
}

Result<Attempt> Attempt::from_event(const Envelope& event) {
  auto created = PaymentCreated::from_data(event.data);
  if (!created) return created.error();
  Attempt attempt{event.payment + "-a1", event.payment,       event.tenant,        created->amount,
                  created->currency,     created->card_token, created->client_key, event.traceparent};
  attempt.kind = created->capture ? AttemptKind::charge : AttemptKind::authorize;
  attempt.cascade = created->acquirers.empty() ? default_cascade(event.tenant) : std::move(created->acquirers);
  attempt.acquirer = attempt.cascade.front();
  attempt.cascade.erase(attempt.cascade.begin());
  if (created->settlement_currency != created->currency) attempt.settlement_currency = created->settlement_currency;
  return attempt;
}

Attempt Attempt::next() const {
  TIDEGATE_ASSERT(!cascade.empty() && !is_command(kind));
  Attempt attempt = *this;
  const auto mark = reference.rfind("-a");
  attempt.reference = payment + "-a" + std::to_string(std::stoi(reference.substr(mark + 2)) + 1);
  attempt.acquirer = attempt.cascade.front();
  attempt.cascade.erase(attempt.cascade.begin());
  return attempt;
}

Result<Attempt> command_from_event(Connection& connection, const Envelope& event) {
  auto command = PaymentCommandData::from_data(event.data);
  if (!command) return command.error();
  std::optional<Attempt> charge;
  auto read = connection.query("SELECT " ATTEMPT_COLUMNS
                               " FROM attempts WHERE reference >= ?1 AND reference < ?2 AND status IN ('approved', "
                               "'expired', 'conflicted') AND kind IN ('charge', 'authorize')",
                               {event.payment + "-a", event.payment + "-b"}, [&](const Row& row) {
                                 charge = attempt_from(row);
                                 return false;
                               });
  if (!read) return read.error();
  if (!charge) return internal_error("a command for " + event.payment + ", which no acquirer has approved");
  Attempt attempt = std::move(*charge);
  attempt.target = std::exchange(attempt.reference, std::move(command->command));
  attempt.kind = event.type == event_type::capture_requested  ? AttemptKind::capture
                 : event.type == event_type::refund_requested ? AttemptKind::refund
                                                              : AttemptKind::cancel;
  attempt.amount = command->amount;
  attempt.currency = std::move(command->currency);
  attempt.traceparent = event.traceparent;
  attempt.cascade.clear();
  attempt.settlement_currency.clear();
  return attempt;
}

Result<void> insert_attempt(Connection& connection, const Attempt& attempt) {
  auto inserted = connection.execute(
      "INSERT OR IGNORE INTO attempts (" ATTEMPT_COLUMNS
      ", status, created_at_ms)"
      " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, 'open', ?14)",
      {attempt.reference, attempt.payment, attempt.merchant, attempt.amount, attempt.currency, attempt.card_token,
       attempt.client_key, attempt.traceparent, to_string(attempt.kind), attempt.acquirer, joined(attempt.cascade),
       attempt.target, attempt.settlement_currency, wall_now_ms()});
  if (!inserted) return inserted.error();
  return {};
}

Result<bool> resolve_attempt(Connection& connection, const std::string& reference, const BankAnswer& answer) {
  const std::string_view status = status_of(answer.kind);
  TIDEGATE_ASSERT(!status.empty());
  auto changed = connection.execute(
      "UPDATE attempts SET status = ?2, auth_code = ?3, reason = ?4, resolved_at_ms = ?5, expires_at_ms = ?6"
      " WHERE reference = ?1 AND status = 'open'",
      {reference, status, answer.auth_code, answer.reason, wall_now_ms(), answer.expires_at_ms});
  if (!changed) return changed.error();
  return *changed == 1;
}

Result<std::vector<Attempt>> open_attempts(Connection& reader) {
  std::vector<Attempt> attempts;
  auto read = reader.query("SELECT " ATTEMPT_COLUMNS " FROM attempts WHERE status = 'open' ORDER BY sequence", {},
                           [&](const Row& row) {
                             attempts.push_back(attempt_from(row));
                             return true;
                           });
  if (!read) return read.error();
  return attempts;
}

Result<std::optional<KnownAttempt>> find_attempt(Connection& reader, const std::string& reference) {
  std::optional<KnownAttempt> found;
  auto read = reader.query("SELECT " ATTEMPT_COLUMNS ", status FROM attempts WHERE reference = ?1", {reference},
                           [&](const Row& row) {
                             found = KnownAttempt{attempt_from(row), std::string(row.text(13))};
                             return false;
                           });
  if (!read) return read.error();
  return found;
}

Result<std::vector<Attempt>> expire_authorizations(Connection& connection, std::int64_t now_ms, std::int64_t limit) {
  std::vector<Attempt> expired;
  auto read = connection.query(
      "SELECT " ATTEMPT_COLUMNS
      " FROM attempts AS a WHERE status = 'approved' AND expires_at_ms > 0"
      " AND expires_at_ms <= ?1 AND NOT EXISTS (SELECT 1 FROM attempts AS c WHERE c.payment = a.payment"
      " AND c.kind <> 'charge' AND c.kind IN ('capture', 'cancel') AND c.status IN ('open', 'approved')) LIMIT ?2",
      {now_ms, limit}, [&](const Row& row) {
        expired.push_back(attempt_from(row));
        return true;
      });
  if (!read) return read.error();
  for (const Attempt& attempt : expired) {
    auto changed =
        connection.execute("UPDATE attempts SET status = 'expired' WHERE reference = ?1", {attempt.reference});
    if (!changed) return changed.error();
  }
  return expired;
}

Result<json::array> read_attempts(Connection& reader, std::int64_t after, std::int64_t as_of, std::int64_t limit,
                                  std::int64_t& last) {
  json::array items;
  auto read = reader.query(
      "SELECT sequence, reference, payment, merchant, amount, currency, status, created_at_ms, resolved_at_ms, kind,"
      " acquirer FROM attempts WHERE sequence > ?1 AND sequence <= ?2 ORDER BY sequence LIMIT ?3",
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
                                     {"resolved_at_ms", row.integer(8)},
                                     {"kind", row.text(9)},
                                     {"acquirer", row.text(10)}});
        return true;
      });
  if (!read) return read.error();
  return items;
}

Result<std::int64_t> last_attempt(Connection& reader) {
  return last_sequence_of(reader, "SELECT coalesce(max(sequence), 0) FROM attempts");
}

}  // namespace tidegate::platform
