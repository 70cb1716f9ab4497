#pragma once
// What a request with an Idempotency-Key does, apart from what the key has to do with it (keyed_requests.hpp).

#include <cstdint>
#include <string>

#include "base/http/message.hpp"
#include "base/result.hpp"
#include "platform/gateway/idempotency.hpp"
#include "platform/store/store.hpp"

namespace tidegate::platform {

/// One request. Its methods are called one after the other, never at once.
class KeyedEffect {
 public:
  virtual ~KeyedEffect() = default;

  struct Written {
    std::int64_t subject = 0;  ///< the payment or operation that the key stands for from now on
    std::string refusal;       ///< or the business rule that the request breaks: nothing else was written
  };
  /// On the writer thread, in the transaction: the key is new.
  virtual Result<Written> write(Connection& connection, std::int64_t now_ms) = 0;
  /// On the writer thread, in the transaction: the key is known, with the same body. Reads what it stands for.
  virtual Result<void> recall(Connection& connection, std::int64_t subject) = 0;
  /// On the writer thread, after the commit of what was written.
  virtual void committed() = 0;
  /// On the loop, after it.
  virtual void landed() = 0;
  /// The answer to what was written or recalled.
  virtual http::Response accepted() const = 0;
};

struct KeyedRequest {
  std::int64_t merchant = 0;
  KeyedRoute route = KeyedRoute::create_payment;
  std::string key;
  std::int64_t fingerprint = 0;  ///< equal for requests that ask for the same
};

}  // namespace tidegate::platform
