#include "platform/gateway/idempotency.hpp"

namespace tidegate::platform {
namespace {

using Value = Connection::Value;

Value integer_or_null(std::int64_t value) {
  return value == 0 ? Value() : Value(value);
}
Value text_or_null(const std::string& value) {
  return value.empty() ? Value() : Value(value);
}

}  // namespace

Result<bool> claim_key(Connection& connection, std::int64_t merchant, KeyedRoute route, std::string_view key,
                       const IdempotencyKey& meaning, std::int64_t at_ms) {
  auto inserted = connection.execute("INSERT INTO idempotency_key VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
                                     {merchant, static_cast<std::int64_t>(route), key, meaning.fingerprint,
                                      integer_or_null(meaning.payment), text_or_null(meaning.refusal), at_ms});
  if (!inserted) return inserted.error();
  return *inserted == 1;
}

Result<std::optional<IdempotencyKey>> find_key(Connection& connection, std::int64_t merchant, KeyedRoute route,
                                               std::string_view key) {
  std::optional<IdempotencyKey> meaning;
  auto found = connection.query(
      "SELECT fingerprint, payment, refusal FROM idempotency_key WHERE merchant = ? AND route = ? AND key = ?",
      {merchant, static_cast<std::int64_t>(route), key}, [&](const Row& row) {
        meaning = IdempotencyKey{row.integer(0), row.integer(1), std::string(row.text(2))};
        return false;
      });
  if (!found) return found.error();
  return meaning;
}

}  // namespace tidegate::platform
