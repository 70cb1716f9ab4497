#include "platform/read_model/view.hpp"

#include <algorithm>
#include <array>

#include "platform/events/payment_events.hpp"
#include "platform/events/worker_events.hpp"
#include "platform/service/timestamp.hpp"

namespace tidegate::platform {
namespace {

constexpr Migration kMigrations[] = {
    {100,
     "CREATE TABLE payments (payment TEXT PRIMARY KEY, merchant TEXT NOT NULL, status TEXT NOT NULL, currency TEXT NOT "
     "NULL, amount INTEGER NOT NULL, captured INTEGER NOT NULL, refunded INTEGER NOT NULL, held INTEGER NOT NULL,"
     " created_at_ms INTEGER NOT NULL, updated_at_ms INTEGER NOT NULL) WITHOUT ROWID"},
    {101,
     "CREATE TABLE wallets (wallet TEXT PRIMARY KEY, currency TEXT NOT NULL, balance INTEGER NOT NULL, updated_at_ms "
     "INTEGER NOT NULL) WITHOUT ROWID"},
    {102, "ALTER TABLE payments ADD COLUMN reason TEXT NOT NULL DEFAULT ''"},
    {103, "ALTER TABLE payments ADD COLUMN expires_at_ms INTEGER NOT NULL DEFAULT 0"},
};

struct StatusOf {
  std::string_view event, status;
};
constexpr std::array kStatuses{
    StatusOf{event_type::payment_settled, "settled"},
    StatusOf{event_type::payment_conflicted, "conflicted"},
    StatusOf{event_type::capture_requested, "capture_pending"},
    StatusOf{event_type::refund_requested, "refund_pending"},
    StatusOf{event_type::cancel_requested, "cancel_pending"},
};

Result<void> done(Result<std::int64_t> changed) {
  if (!changed) return changed.error();
  return {};
}

Result<void> create(Connection& connection, const Envelope& event) {
  auto created = PaymentCreated::from_data(event.data);
  if (!created) return created.error();
  // A decision of fraud may have made the row.
  return done(connection.execute(
      "INSERT INTO payments (payment, merchant, status, currency, amount, captured, refunded, held, created_at_ms,"
      " updated_at_ms) VALUES (?1, ?2, 'processing', ?3, ?4, 0, 0, 0, ?5, ?5)"
      " ON CONFLICT (payment) DO UPDATE SET status = 'processing', currency = ?3, amount = ?4, created_at_ms = ?5,"
      " updated_at_ms = ?5 WHERE status = ''",
      {event.payment, event.tenant, created->currency, created->amount, event.occurred_at_ms}));
}

Result<void> set_status(Connection& connection, const Envelope& event, std::string_view status) {
  return done(connection.execute("UPDATE payments SET status = ?2, updated_at_ms = ?3 WHERE payment = ?1",
                                 {event.payment, status, event.occurred_at_ms}));
}

/// What was captured before stays captured.
Result<void> end_rest(Connection& connection, const Envelope& event, std::string_view status) {
  return done(connection.execute(
      "UPDATE payments SET status = CASE WHEN captured > 0 THEN 'captured' ELSE ?2 END, updated_at_ms = ?3"
      " WHERE payment = ?1",
      {event.payment, status, event.occurred_at_ms}));
}

/// Events that say more than their type does.
Result<void> set_details(Connection& connection, const Envelope& event, std::string_view status) {
  auto finished = PaymentFinished::from_data(event.data);
  if (!finished) return finished.error();
  return done(
      connection.execute("UPDATE payments SET status = ?2, updated_at_ms = ?3, reason = ?4,"
                         " expires_at_ms = CASE WHEN ?5 > 0 THEN ?5 ELSE expires_at_ms END WHERE payment = ?1",
                         {event.payment, status, event.occurred_at_ms, finished->reason, finished->expires_at_ms}));
}

/// The payment is again where it was before the operation.
Result<void> take_back(Connection& connection, const Envelope& event) {
  auto refused = PaymentFinished::from_data(event.data);
  if (!refused) return refused.error();
  return set_status(connection, event, refused->status);
}

/// The event carries its own amount and, when there was more before, the total.
Result<void> add_up(Connection& connection, const Envelope& event, bool capture) {
  auto finished = PaymentFinished::from_data(event.data);
  if (!finished) return finished.error();
  const std::int64_t total = finished->total > 0 ? finished->total : finished->amount;
  if (capture) {
    const int whole = finished->final_capture ? 1 : 0;
    return done(connection.execute(
        "UPDATE payments SET captured = ?2, updated_at_ms = ?3,"
        " status = CASE WHEN ?2 >= amount OR ?4 THEN 'captured' ELSE 'partially_captured' END WHERE payment = ?1",
        {event.payment, total, event.occurred_at_ms, whole}));
  }
  return done(connection.execute(
      "UPDATE payments SET refunded = ?2, updated_at_ms = ?3,"
      " status = CASE WHEN ?2 >= captured THEN 'refunded' ELSE 'partially_refunded' END WHERE payment = ?1",
      {event.payment, total, event.occurred_at_ms}));
}

Result<void> set_held(Connection& connection, const Envelope& event, bool held) {
  return done(connection.execute(
      "INSERT INTO payments (payment, merchant, status, currency, amount, captured, refunded, held, created_at_ms,"
      " updated_at_ms) VALUES (?1, ?2, '', '', 0, 0, 0, ?3, ?4, ?4) ON CONFLICT (payment) DO UPDATE SET held = ?3"
      " WHERE held <> ?3",
      {event.payment, event.tenant, held ? 1 : 0, event.occurred_at_ms}));
}

Result<void> set_balance(Connection& connection, const Envelope& event) {
  auto movement = LedgerMovement::from_data(event.data);
  if (!movement) return movement.error();
  return done(
      connection.execute("INSERT INTO wallets (wallet, currency, balance, updated_at_ms) VALUES (?1, ?2, ?3, ?4)"
                         " ON CONFLICT (wallet) DO UPDATE SET balance = ?3, updated_at_ms = ?4",
                         {event.payment, movement->currency, movement->balance, event.occurred_at_ms}));
}

}  // namespace

std::span<const Migration> view_migrations() {
  return kMigrations;
}

Result<void> project(Connection& connection, const Envelope& event) {
  const std::string_view type = event.type;
  if (type == event_type::payment_created) return create(connection, event);
  if (type == event_type::payment_authorized) return set_details(connection, event, "authorized");
  if (type == event_type::payment_declined) return set_details(connection, event, "declined");
  if (type == event_type::payment_cancelled) return end_rest(connection, event, "cancelled");
  if (type == event_type::payment_expired) return end_rest(connection, event, "expired");
  if (type == event_type::operation_refused) return take_back(connection, event);
  if (type == event_type::payment_captured) return add_up(connection, event, true);
  if (type == event_type::payment_refunded) return add_up(connection, event, false);
  if (type == event_type::fraud_held) return set_held(connection, event, true);
  if (type == event_type::fraud_cleared) return set_held(connection, event, false);
  if (type == event_type::wallet_credited || type == event_type::wallet_debited) return set_balance(connection, event);
  const auto found = std::ranges::find(kStatuses, type, &StatusOf::event);
  if (found != kStatuses.end()) return set_status(connection, event, found->status);
  return {};
}

json::object PaymentView::to_json(const std::string& payment, std::int64_t staleness_ms) const {
  json::object shown{{"id", payment},        {"status", status},     {"amount", amount}, {"currency", currency},
                     {"captured", captured}, {"refunded", refunded}, {"held", held}};
  if (!reason.empty()) shown["reason"] = reason;
  if (expires_at_ms > 0) shown["expires_at"] = timestamp_text(expires_at_ms);
  shown["created_at"] = timestamp_text(created_at_ms);
  shown["updated_at"] = timestamp_text(updated_at_ms);
  shown["staleness_ms"] = staleness_ms;
  return shown;
}

Result<std::optional<PaymentView>> find_payment_view(Connection& reader, std::string_view merchant,
                                                     std::string_view payment) {
  std::optional<PaymentView> found;
  auto read = reader.query(
      "SELECT merchant, status, currency, amount, captured, refunded, held, created_at_ms, updated_at_ms, reason,"
      " expires_at_ms FROM payments WHERE payment = ?1 AND merchant = ?2 AND status <> ''",
      {payment, merchant}, [&](const Row& row) {
        found =
            PaymentView{std::string(row.text(0)), std::string(row.text(1)), std::string(row.text(2)), row.integer(3),
                        row.integer(4),           row.integer(5),           row.integer(6) != 0,      row.integer(7),
                        row.integer(8),           std::string(row.text(9)), row.integer(10)};
        return false;
      });
  if (!read) return read.error();
  return found;
}

Result<std::optional<WalletView>> find_wallet_view(Connection& reader, std::string_view tenant,
                                                   std::string_view wallet) {
  std::optional<WalletView> found;
  const std::string name = std::string(tenant) + "/" + std::string(wallet);
  auto read = reader.query("SELECT currency, balance, updated_at_ms FROM wallets WHERE wallet = ?1", {name},
                           [&](const Row& row) {
                             found = WalletView{std::string(row.text(0)), row.integer(1), row.integer(2)};
                             return false;
                           });
  if (!read) return read.error();
  return found;
}

}  // namespace tidegate::platform
