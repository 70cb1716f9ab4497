#pragma once
// Merchants, their API keys and card tokens: rows in the store, and an index of them in memory for each request.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/result.hpp"
#include "platform/store/store.hpp"

namespace tidegate::platform {

struct Merchant {
  std::int64_t id = 0;
  std::string name;
  std::string currency;
  std::string tier{};  ///< of its rate limit; empty: the default one
};
struct ApiKey {
  std::int64_t id = 0;
  std::int64_t merchant = 0;
  std::string hash;
  std::string scope;
  bool revoked = false;
};
struct Card {
  std::int64_t id = 0;
  std::int64_t merchant = 0;
  std::string token;
  std::string last4;
};

/// Each fills in the id but a merchant's, which TenantDirectory::reserve_merchant() gave. On the writer thread, inside
/// a unit of work.
Result<void> insert_merchant(Connection& connection, Merchant& merchant, std::int64_t at_ms);
Result<void> insert_api_key(Connection& connection, ApiKey& key, std::int64_t at_ms);
Result<void> revoke_api_key(Connection& connection, std::int64_t id, std::int64_t at_ms);
Result<void> insert_card(Connection& connection, Card& card, std::int64_t at_ms);

/// The index. Used on one thread; added to after the commit.
class TenantDirectory {
 public:
  Result<void> load(Connection& connection);
  /// An id that no merchant has: the vault names a card's owner by it before the merchant is written.
  std::int64_t reserve_merchant() { return ++last_merchant_; }
  void add(Merchant merchant);
  void add(ApiKey key);
  void add(Card card);

  /// Whose key it is; null for a key that was never given out, or was revoked.
  const ApiKey* authenticate(std::string_view api_key) const;
  const Merchant* merchant(std::int64_t id) const;
  /// The card behind a token when it belongs to the merchant: tokens of others do not exist.
  const Card* card(std::int64_t merchant, const std::string& token) const;
  /// Of an API key's id, for exports.
  std::string_view scope(std::int64_t api_key) const;

  const std::map<std::int64_t, Merchant>& merchants() const { return merchants_; }
  const std::unordered_map<std::string, ApiKey>& keys() const { return keys_; }  ///< by hash

 private:
  std::int64_t last_merchant_ = 0;
  std::map<std::int64_t, Merchant> merchants_;
  std::unordered_map<std::string, ApiKey> keys_;  // by hash
  std::unordered_map<std::int64_t, std::string> scopes_;
  std::unordered_map<std::string, Card> cards_;  // by token
};

}  // namespace tidegate::platform
