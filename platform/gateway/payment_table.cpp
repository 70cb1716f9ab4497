#include "platform/gateway/payment_table.hpp"

#include <algorithm>
#include <unordered_map>

#include "base/assert.hpp"

namespace tidegate::platform {
namespace {

#define TIDEGATE_PAYMENT_COLUMNS \
  "id, merchant, api_key, card, key, amount, currency, state, created_at_ms, updated_at_ms, updated_sequence"

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
  return payment;
}

std::int64_t stored(PaymentState state) {
  return static_cast<std::int64_t>(state);
}

/// Takes back what happened after `as_of`: the first later change of each payment says what it was before.
Result<void> undo_later_changes(Connection& connection, std::int64_t as_of, std::vector<Payment>& payments) {
  std::unordered_map<std::int64_t, Payment*> changed_later;
  for (Payment& payment : payments) {
    if (payment.updated_sequence > as_of) changed_later.emplace(payment.id, &payment);
  }
  if (changed_later.empty()) return {};
  return connection.query(
      "SELECT payment, from_state, before_at_ms FROM payment_change WHERE sequence > ? ORDER BY sequence", {as_of},
      [&](const Row& row) {
        if (const auto found = changed_later.find(row.integer(0)); found != changed_later.end()) {
          found->second->state = read_state(row, 1);
          found->second->updated_at_ms = row.integer(2);
          changed_later.erase(found);
        }
        return !changed_later.empty();
      });
}

}  // namespace

Result<void> insert_payment(Connection& connection, const Payment& payment) {
  auto done = connection.execute(
      "INSERT INTO payment (" TIDEGATE_PAYMENT_COLUMNS ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      {payment.id, payment.merchant, payment.api_key, payment.card, payment.key, payment.amount, payment.currency,
       stored(payment.state), payment.created_at_ms, payment.updated_at_ms, payment.updated_sequence});
  if (!done) return done.error();
  return {};
}

Result<std::optional<Payment>> find_payment(Connection& connection, std::int64_t id) {
  std::optional<Payment> payment;
  auto found =
      connection.query("SELECT " TIDEGATE_PAYMENT_COLUMNS " FROM payment WHERE id = ?", {id}, [&](const Row& row) {
        payment = read_payment(row);
        return false;
      });
  if (!found) return found.error();
  return payment;
}

Result<void> apply_change(Connection& connection, const PaymentChange& change) {
  TIDEGATE_ASSERT(may_become(change.from, change.to));
  auto noted = connection.execute(
      "INSERT INTO payment_change (sequence, payment, from_state, to_state, before_at_ms, at_ms) "
      "VALUES (?, ?, ?, ?, ?, ?)",
      {change.sequence, change.payment, stored(change.from), stored(change.to), change.before_at_ms, change.at_ms});
  if (!noted) return noted.error();
  auto changed = connection.execute(
      "UPDATE payment SET state = ?, updated_at_ms = ?, updated_sequence = ? WHERE id = ? AND state = ?",
      {stored(change.to), change.at_ms, change.sequence, change.payment, stored(change.from)});
  if (!changed) return changed.error();
  if (*changed != 1) return internal_error(payment_name(change.payment) + " was not in the state it was to leave");
  return {};
}

Result<std::int64_t> last_payment_sequence(Connection& connection) {
  std::int64_t last = 0;
  for (const auto* sql :
       {"SELECT coalesce(max(id), 0) FROM payment", "SELECT coalesce(max(sequence), 0) FROM payment_change"}) {
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

}  // namespace tidegate::platform
