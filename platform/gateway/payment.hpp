#pragma once
// A payment as the gateway stores it, its public names, and its JSON.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "platform/gateway/payment_state.hpp"

namespace tidegate::platform {

struct Payment {
  std::int64_t id = 0;  ///< also its number in the order of commits
  std::int64_t merchant = 0;
  std::int64_t api_key = 0;
  std::int64_t card = 0;
  std::string key;          ///< the client's idempotency key
  std::int64_t amount = 0;  ///< minor units of the currency
  std::string currency;     ///< ISO 4217
  PaymentState state = PaymentState::processing;
  std::int64_t created_at_ms = 0;
  std::int64_t updated_at_ms = 0;
  std::int64_t updated_sequence = 0;  ///< of the change that gave it its state
};

/// "pay_" and 16 lower-case hex digits.
std::string payment_name(std::int64_t id);
std::optional<std::int64_t> payment_from_name(std::string_view name);
/// "mer_" and at least 6 digits.
std::string merchant_name(std::int64_t id);
std::optional<std::int64_t> merchant_from_name(std::string_view name);

/// RFC 3339 in UTC with milliseconds.
std::string timestamp_text(std::int64_t unix_ms);

/// What the request that made it was and is answered: the payment as it was created, also for repeats years later.
std::string created_json(const Payment& payment);
/// Its present state. `staleness_ms`: how old the answer may be.
std::string status_json(const Payment& payment, std::int64_t staleness_ms);

}  // namespace tidegate::platform
