#include "platform/gateway/idempotency.hpp"

#include <array>
#include <vector>

namespace tidegate::platform {
namespace {

using Value = Connection::Value;

constexpr std::array<std::pair<KeyedRoute, std::string_view>, 5> kRoutes{{
    {KeyedRoute::create_payment, "/v1/payments"},
    {KeyedRoute::authorize_only, "/v1/payments/authorize-only"},
    {KeyedRoute::capture_payment, "/v1/payments/{id}/capture"},
    {KeyedRoute::refund_payment, "/v1/payments/{id}/refund"},
    {KeyedRoute::cancel_payment, "/v1/payments/{id}/cancel"},
}};

Value integer_or_null(std::int64_t value) {
  return value == 0 ? Value() : Value(value);
}
Value text_or_null(const std::string& value) {
  return value.empty() ? Value() : Value(value);
}

}  // namespace

std::string_view path_of(KeyedRoute route) noexcept {
  for (const auto& [known, path] : kRoutes) {
    if (known == route) return path;
  }
  return {};
}

std::optional<KeyedRoute> keyed_route_from(std::string_view path) noexcept {
  for (const auto& [route, known] : kRoutes) {
    if (known == path) return route;
  }
  return std::nullopt;
}

Result<void> write_key(Connection& connection, std::int64_t merchant, KeyedRoute route, std::string_view key,
                       const IdempotencyKey& meaning) {
  auto written = connection.execute("INSERT OR REPLACE INTO idempotency_key VALUES (?, ?, ?, ?, ?, ?, ?)",
                                    {merchant, static_cast<std::int64_t>(route), key, meaning.fingerprint,
                                     integer_or_null(meaning.subject), text_or_null(meaning.refusal), meaning.at_ms});
  if (!written) return written.error();
  return {};
}

Result<std::optional<IdempotencyKey>> find_key(Connection& connection, std::int64_t merchant, KeyedRoute route,
                                               std::string_view key, std::int64_t oldest_ms) {
  std::optional<IdempotencyKey> meaning;
  auto found = connection.query(
      "SELECT fingerprint, payment, refusal, at_ms FROM idempotency_key WHERE merchant = ? AND route = ? AND key = ?",
      {merchant, static_cast<std::int64_t>(route), key}, [&](const Row& row) {
        meaning = IdempotencyKey{row.integer(0), row.integer(1), std::string(row.text(2)), row.integer(3)};
        return false;
      });
  if (!found) return found.error();
  if (meaning && meaning->at_ms < oldest_ms) meaning.reset();
  return meaning;
}

Result<std::int64_t> delete_lapsed_keys(Connection& connection, KeyPosition& position, std::int64_t limit,
                                        std::int64_t oldest_ms) {
  std::vector<KeyPosition> lapsed;
  KeyPosition last;
  std::int64_t seen = 0;
  auto read = connection.query(
      "SELECT merchant, route, key, at_ms FROM idempotency_key WHERE (merchant, route, key) > (?, ?, ?) "
      "ORDER BY merchant, route, key LIMIT ?",
      {position.merchant, position.route, position.key, limit}, [&](const Row& row) {
        ++seen;
        last = {row.integer(0), row.integer(1), std::string(row.text(2))};
        if (row.integer(3) < oldest_ms) lapsed.push_back(last);
        return true;
      });
  if (!read) return read.error();
  for (const KeyPosition& key : lapsed) {
    auto deleted = connection.execute("DELETE FROM idempotency_key WHERE merchant = ? AND route = ? AND key = ?",
                                      {key.merchant, key.route, key.key});
    if (!deleted) return deleted.error();
  }
  position = seen < limit ? KeyPosition{} : last;
  return static_cast<std::int64_t>(lapsed.size());
}

}  // namespace tidegate::platform
