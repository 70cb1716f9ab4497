#pragma once
// What becomes of a valid request for a payment. The modern path writes it at once; the legacy ones put the case
// studies' departures in front of it. The composition (composition.cpp) chooses.

#include <cstdint>
#include <string>
#include <vector>

#include "base/asio.hpp"
#include "base/http/message.hpp"

namespace tidegate::platform {

/// A request that passed authentication and validation. Idempotency and business rules come next, in this order.
struct PaymentCommand {
  std::int64_t merchant = 0;
  std::int64_t api_key = 0;
  std::string key;         ///< the client's idempotency key
  std::string stored_key;  ///< what is remembered in its place; empty: the key itself
  std::int64_t amount = 0;
  std::string currency;
  std::string card_token;
  bool manual = false;                 ///< authorize only; the client captures
  bool authorize_only = false;         ///< came by the route of that name, which has idempotency keys of its own
  std::int64_t card = 0;               ///< 0: the token is not one of this merchant's
  std::string refusal;                 ///< the business rule that the request breaks; empty: none
  std::vector<std::string> acquirers;  ///< the routing decision
  std::string traceparent;             ///< of the request's own span
};

/// Used on the service's loop only.
class PaymentPath {
 public:
  virtual ~PaymentPath() = default;
  virtual asio::awaitable<http::Response> pay(PaymentCommand command) = 0;
  /// Awaited after the last request was answered: ends outgoing calls.
  virtual asio::awaitable<void> stop() = 0;
};

}  // namespace tidegate::platform
