// The statements on captures, refunds and cancellations.

#include "base/assert.hpp"
#include "platform/gateway/payment_table.hpp"

namespace tidegate::platform {
namespace {

#define TIDEGATE_OPERATION_COLUMNS \
  "id, payment, merchant, kind, state, amount, currency, final, before, key, reason, created_at_ms, updated_at_ms"

Operation read_operation(const Row& row) {
  Operation operation;
  operation.id = row.integer(0);
  operation.payment = row.integer(1);
  operation.merchant = row.integer(2);
  operation.kind = static_cast<OperationKind>(row.integer(3));
  operation.state = static_cast<OperationState>(row.integer(4));
  operation.amount = row.integer(5);
  operation.currency = row.text(6);
  operation.final = row.integer(7) != 0;
  const auto before = payment_state_from(row.integer(8));
  TIDEGATE_ASSERT(before.has_value());  // only this program writes the column
  operation.before = *before;
  operation.key = row.text(9);
  operation.reason = row.text(10);
  operation.created_at_ms = row.integer(11);
  operation.updated_at_ms = row.integer(12);
  return operation;
}

Result<std::vector<Operation>> read_all(Connection& connection, std::string_view sql,
                                        std::initializer_list<Connection::Value> parameters) {
  std::vector<Operation> operations;
  auto read = connection.query(sql, parameters, [&](const Row& row) {
    operations.push_back(read_operation(row));
    return true;
  });
  if (!read) return read.error();
  return operations;
}

Result<std::optional<Operation>> first_of(Result<std::vector<Operation>> operations) {
  if (!operations) return operations.error();
  if (operations->empty()) return std::optional<Operation>();
  return std::optional<Operation>(std::move(operations->front()));
}

}  // namespace

Result<void> insert_operation(Connection& connection, const Operation& operation) {
  auto done = connection.execute(
      "INSERT INTO operation (" TIDEGATE_OPERATION_COLUMNS ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      {operation.id, operation.payment, operation.merchant, static_cast<std::int64_t>(operation.kind),
       static_cast<std::int64_t>(operation.state), operation.amount, operation.currency, operation.final ? 1 : 0,
       static_cast<std::int64_t>(operation.before), operation.key, operation.reason, operation.created_at_ms,
       operation.updated_at_ms});
  if (!done) return done.error();
  return {};
}

Result<std::optional<Operation>> find_operation(Connection& connection, TenantScope scope, std::int64_t id) {
  return first_of(read_all(connection,
                           "SELECT " TIDEGATE_OPERATION_COLUMNS " FROM operation WHERE id = ? AND merchant = ?",
                           {id, scope.merchant}));
}

Result<std::optional<Operation>> find_any_operation(Connection& connection, std::int64_t id) {
  return first_of(read_all(connection, "SELECT " TIDEGATE_OPERATION_COLUMNS " FROM operation WHERE id = ?", {id}));
}

Result<std::vector<Operation>> operations_of(Connection& connection, TenantScope scope, std::int64_t payment) {
  return read_all(connection,
                  "SELECT " TIDEGATE_OPERATION_COLUMNS
                  " FROM operation WHERE payment = ? AND merchant = ? ORDER BY id LIMIT 1000",
                  {payment, scope.merchant});
}

Result<void> end_operation(Connection& connection, std::int64_t id, OperationState state, std::string_view reason,
                           std::int64_t at_ms) {
  auto ended = connection.execute("UPDATE operation SET state = ?, reason = ?, updated_at_ms = ? WHERE id = ?",
                                  {static_cast<std::int64_t>(state), reason, at_ms, id});
  if (!ended) return ended.error();
  if (*ended != 1) return internal_error("an operation in progress has no row");
  return {};
}

}  // namespace tidegate::platform
