#pragma once
// The Idempotency-Key header.

#include <optional>
#include <string_view>

#include "base/http/message.hpp"
#include "platform/gateway/payment_request.hpp"
#include "platform/gateway/problems.hpp"

namespace tidegate::platform {

/// Nothing: answer key_missing().
inline std::optional<std::string_view> idempotency_key(const http::Request& request) {
  const auto key = request.header("idempotency-key");
  return key && is_idempotency_key(*key) ? key : std::nullopt;
}

inline http::Response key_missing() {
  return typed_problem(400, "idempotency-key-missing",
                       "The header Idempotency-Key, of 1 to 255 visible ASCII characters, is required.");
}

}  // namespace tidegate::platform
