#include "platform/gateway/tenants.hpp"

#include <algorithm>

#include "platform/gateway/secrets.hpp"

namespace tidegate::platform {
namespace {

Result<void> insert(Connection& connection, std::string_view sql, std::initializer_list<Connection::Value> values,
                    std::int64_t& id) {
  return connection.query(sql, values, [&](const Row& row) {
    id = row.integer(0);
    return true;  // to the end, where the statement takes effect
  });
}

}  // namespace

Result<void> insert_merchant(Connection& connection, Merchant& merchant, std::int64_t at_ms) {
  auto inserted =
      connection.execute("INSERT INTO merchant (id, name, currency, tier, created_at_ms) VALUES (?, ?, ?, ?, ?)",
                         {merchant.id, merchant.name, merchant.currency, merchant.tier, at_ms});
  if (!inserted) return inserted.error();
  return {};
}

Result<void> insert_api_key(Connection& connection, ApiKey& key, std::int64_t at_ms) {
  return insert(connection,
                "INSERT INTO api_key (merchant, hash, scope, created_at_ms) VALUES (?, ?, ?, ?) RETURNING id",
                {key.merchant, key.hash, key.scope, at_ms}, key.id);
}

Result<void> revoke_api_key(Connection& connection, std::int64_t id, std::int64_t at_ms) {
  auto revoked = connection.execute("UPDATE api_key SET revoked_at_ms = ? WHERE id = ?", {at_ms, id});
  if (!revoked) return revoked.error();
  return {};
}

Result<void> insert_card(Connection& connection, Card& card, std::int64_t at_ms) {
  return insert(connection, "INSERT INTO card (merchant, token, last4, created_at_ms) VALUES (?, ?, ?, ?) RETURNING id",
                {card.merchant, card.token, card.last4, at_ms}, card.id);
}

Result<void> TenantDirectory::load(Connection& connection) {
  auto merchants = connection.query("SELECT id, name, currency, tier FROM merchant", {}, [&](const Row& row) {
    add(Merchant{row.integer(0), std::string(row.text(1)), std::string(row.text(2)), std::string(row.text(3))});
    return true;
  });
  if (!merchants) return merchants;
  auto keys = connection.query("SELECT id, merchant, hash, scope, revoked_at_ms FROM api_key", {}, [&](const Row& row) {
    add(ApiKey{row.integer(0), row.integer(1), std::string(row.text(2)), std::string(row.text(3)),
               row.integer(4) != 0});
    return true;
  });
  if (!keys) return keys;
  return connection.query("SELECT id, merchant, token, last4 FROM card", {}, [&](const Row& row) {
    add(Card{row.integer(0), row.integer(1), std::string(row.text(2)), std::string(row.text(3))});
    return true;
  });
}

void TenantDirectory::add(Merchant merchant) {
  const auto id = merchant.id;
  last_merchant_ = std::max(last_merchant_, id);
  merchants_.insert_or_assign(id, std::move(merchant));
}

void TenantDirectory::add(ApiKey key) {
  scopes_.insert_or_assign(key.id, key.scope);
  std::string hash = key.hash;
  keys_.insert_or_assign(std::move(hash), std::move(key));
}

void TenantDirectory::add(Card card) {
  std::string token = card.token;
  cards_.insert_or_assign(std::move(token), std::move(card));
}

const ApiKey* TenantDirectory::authenticate(std::string_view api_key) const {
  const auto found = keys_.find(hash_of_secret(api_key));
  return found == keys_.end() || found->second.revoked ? nullptr : &found->second;
}

const Merchant* TenantDirectory::merchant(std::int64_t id) const {
  const auto found = merchants_.find(id);
  return found == merchants_.end() ? nullptr : &found->second;
}

const Card* TenantDirectory::card(std::int64_t merchant, const std::string& token) const {
  const auto found = cards_.find(token);
  return found == cards_.end() || found->second.merchant != merchant ? nullptr : &found->second;
}

std::string_view TenantDirectory::scope(std::int64_t api_key) const {
  const auto found = scopes_.find(api_key);
  return found == scopes_.end() ? std::string_view{} : std::string_view(found->second);
}

}  // namespace tidegate::platform
