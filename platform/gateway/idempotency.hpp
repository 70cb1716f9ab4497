#pragma once
// Idempotency keys: what a client's key stands for, once and for all. Scope: (merchant, route, key).

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "platform/store/store.hpp"

namespace tidegate::platform {

/// Method and path of the keyed requests. The numbers are stored.
enum class KeyedRoute : std::int64_t { create_payment = 1 };

struct IdempotencyKey {
  std::int64_t fingerprint = 0;  ///< of the body
  std::int64_t payment = 0;      ///< 0: the request was refused
  std::string refusal;           ///< the business rule it broke
};

/// Writes the key unless it exists; true when it did not. Uniqueness is the store's.
Result<bool> claim_key(Connection& connection, std::int64_t merchant, KeyedRoute route, std::string_view key,
                       const IdempotencyKey& meaning, std::int64_t at_ms);

Result<std::optional<IdempotencyKey>> find_key(Connection& connection, std::int64_t merchant, KeyedRoute route,
                                               std::string_view key);

}  // namespace tidegate::platform
