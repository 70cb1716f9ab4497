#pragma once
// Idempotency keys: what a client's key stands for, once and for all, until it lapses. Scope: (merchant, method and
// route, key).

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tidegate::platform {

/// Method and path pattern of the keyed requests. The numbers are stored.
enum class KeyedRoute : std::int64_t {
  create_payment = 1,   ///< POST /v1/payments
  authorize_only = 2,   ///< POST /v1/payments/authorize-only
  capture_payment = 3,  ///< POST /v1/payments/{id}/capture
  refund_payment = 4,   ///< POST /v1/payments/{id}/refund
  cancel_payment = 5,   ///< POST /v1/payments/{id}/cancel
};
/// The path pattern: "/v1/payments/{id}/capture".
std::string_view path_of(KeyedRoute route) noexcept;
std::optional<KeyedRoute> keyed_route_from(std::string_view path) noexcept;

struct IdempotencyKey {
  std::int64_t fingerprint = 0;  ///< of the body
  std::int64_t subject = 0;      ///< the payment or the operation; 0: the request was refused
  std::string refusal;           ///< the business rule it broke
  std::int64_t at_ms = 0;        ///< when it was first seen
};

}  // namespace tidegate::platform
