#include "platform/gateway/payment_table.hpp"

#include <algorithm>
#include <unordered_map>

#include "base/assert.hpp"

namespace tidegate::platform {
namespace {

#define TIDEGATE_PAYMENT_COLUMNS                                                                                \
  "id, merchant, api_key, card, key, amount, currency, state, created_at_ms, updated_at_ms, updated_sequence, " \
  "manual, "                                                                                                    \
  "held, captured, refunded, operation, expires_at_ms, reason"

PaymentState read_state(const Row& row, int column) {
  const auto state = payment_state_from(row.integer(column));
  TIDEGATE_ASSERT(state.has_value());  // only this program writes the column
  return *state;
}

Payment read_payment(const Row& row) {
  Payment payment;
  payment.id = row.integer(0);
  payment.merchant = row.integer(1);
  payment.api_key = row.integer(2);
  payment.card = row.integer(3);
  payment.key = row.text(4);
  payment.amount = row.integer(5);
  payment.currency = row.text(6);
  payment.state = read_state(row, 7);
  payment.created_at_ms = row.integer(8);
  payment.updated_at_ms = row.integer(9);
  payment.updated_sequence = row.integer(10);
  payment.manual = row.integer(11) != 0;
  payment.held = row.integer(12) != 0;
  payment.captured = row.integer(13);
  payment.refunded = row.integer(14);
  payment.operation = row.integer(15);
  payment.expires_at_ms = row.integer(16);
  payment.reason = row.text(17);
  return payment;
}

std::int64_t stored(PaymentState state) {
  return static_cast<std::int64_t>(state);
}

Result<std::optional<Payment>> read_one(Connection& connection, std::string_view sql,
                                        std::initializer_list<Connection::Value> parameters) {
  std::optional<Payment> payment;
  auto found = connection.query(sql, parameters, [&](const Row& row) {
    payment = read_payment(row);
    return false;
  });
  if (!found) return found.error();
  return payment;
}

/// Takes back what happened after `as_of`: the first later change of each payment says what it was before.
Result<void> undo_later_changes(Connection& connection, std::int64_t as_of, std::vector<Payment>& payments) {
  std::unordered_map<std::int64_t, Payment*> changed_later;
  for (Payment& payment : payments) {
    if (payment.updated_sequence > as_of) changed_later.emplace(payment.id, &payment);
  }
  if (changed_later.empty()) return {};
  return connection.query(
      "SELECT payment, from_state, before_at_ms, before_captured, before_refunded, before_held FROM payment_change "
      "WHERE sequence > ? ORDER BY sequence",
      {as_of}, [&](const Row& row) {
        if (const auto found = changed_later.find(row.integer(0)); found != changed_later.end()) {
          Payment& payment = *found->second;
          payment.state = read_state(row, 1);
          payment.updated_at_ms = row.integer(2);
          payment.captured = row.integer(3);
          payment.refunded = row.integer(4);
          payment.held = row.integer(5) != 0;
          changed_later.erase(found);
        }
        return !changed_later.empty();
      });
}

}  // namespace

Result<void> insert_payment(Connection& connection, const Payment& payment) {
  auto done = connection.execute(
      "INSERT INTO payment (id, merchant, api_key, card, key, amount, currency, state, created_at_ms, updated_at_ms, "
      "updated_sequence, manual) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      {payment.id, payment.merchant, payment.api_key, payment.card, payment.key, payment.amount, payment.currency,
       stored(payment.state), payment.created_at_ms, payment.updated_at_ms, payment.updated_sequence,
       payment.manual ? 1 : 0});
  if (!done) return done.error();
  return {};
}

Result<std::optional<Payment>> find_payment(Connection& connection, TenantScope scope, std::int64_t id) {
  return read_one(connection, "SELECT " TIDEGATE_PAYMENT_COLUMNS " FROM payment WHERE id = ? AND merchant = ?",
                  {id, scope.merchant});
}

Result<std::optional<Payment>> find_any_payment(Connection& connection, std::int64_t id) {
  return read_one(connection, "SELECT " TIDEGATE_PAYMENT_COLUMNS " FROM payment WHERE id = ?", {id});
}

PaymentChange make_change(const Payment& before, Payment after, std::int64_t sequence, std::int64_t now_ms) {
  after.updated_sequence = sequence;
  after.updated_at_ms = now_ms;
  return {before, std::move(after)};
}

Result<void> apply_change(Connection& connection, const PaymentChange& change) {
  const Payment& before = change.before;
  const Payment& after = change.after;
  TIDEGATE_ASSERT(before.state == after.state || may_become(before.state, after.state));
  auto noted = connection.execute(
      "INSERT INTO payment_change (sequence, payment, from_state, to_state, before_at_ms, at_ms, before_captured, "
      "before_refunded, before_held) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
      {after.updated_sequence, after.id, stored(before.state), stored(after.state), before.updated_at_ms,
       after.updated_at_ms, before.captured, before.refunded, before.held ? 1 : 0});
  if (!noted) return noted.error();
  auto changed = connection.execute(
      "UPDATE payment SET state = ?, updated_at_ms = ?, updated_sequence = ?, held = ?, captured = ?, refunded = ?, "
      "operation = ?, expires_at_ms = ?, reason = ? WHERE id = ? AND updated_sequence = ?",
      {stored(after.state), after.updated_at_ms, after.updated_sequence, after.held ? 1 : 0, after.captured,
       after.refunded, after.operation, after.expires_at_ms, after.reason, after.id, before.updated_sequence});
  if (!changed) return changed.error();
  if (*changed != 1) return internal_error(payment_name(after.id) + " was not as the step had found it");
  return {};
}

Result<std::int64_t> last_payment_sequence(Connection& connection) {
  std::int64_t last = 0;
  for (const auto* sql :
       {"SELECT coalesce(max(id), 0) FROM payment", "SELECT coalesce(max(sequence), 0) FROM payment_change",
        "SELECT coalesce(max(id), 0) FROM operation"}) {
    auto read = connection.query(sql, {}, [&](const Row& row) {
      last = std::max(last, row.integer(0));
      return false;
    });
    if (!read) return read.error();
  }
  return last;
}

Result<std::vector<Payment>> payments_as_of(Connection& connection, std::int64_t after, std::int64_t as_of,
                                            std::int64_t limit) {
  std::vector<Payment> payments;
  auto read =
      connection.query("SELECT " TIDEGATE_PAYMENT_COLUMNS " FROM payment WHERE id > ? AND id <= ? ORDER BY id LIMIT ?",
                       {after, as_of, limit}, [&](const Row& row) {
                         payments.push_back(read_payment(row));
                         return true;
                       });
  if (!read) return read.error();
  if (auto undone = undo_later_changes(connection, as_of, payments); !undone) return undone.error();
  return payments;
}

Result<std::vector<std::int64_t>> lapsed_payments(Connection& connection, std::int64_t now_ms, std::int64_t limit) {
  std::vector<std::int64_t> ids;
  // The conditions of the index payment_lapsing, so that only open authorizations are looked at.
  auto read = connection.query(
      "SELECT id FROM payment WHERE expires_at_ms > 0 AND state IN (3, 5) AND expires_at_ms <= ? LIMIT ?",
      {now_ms, limit}, [&](const Row& row) {
        ids.push_back(row.integer(0));
        return true;
      });
  if (!read) return read.error();
  return ids;
}

}  // namespace tidegate::platform
