#include "platform/gateway/idempotency.hpp"

#include <array>

namespace tidegate::platform {
namespace {

constexpr std::array<std::pair<KeyedRoute, std::string_view>, 5> kRoutes{{
    {KeyedRoute::create_payment, "/v1/payments"},
    {KeyedRoute::authorize_only, "/v1/payments/authorize-only"},
    {KeyedRoute::capture_payment, "/v1/payments/{id}/capture"},
    {KeyedRoute::refund_payment, "/v1/payments/{id}/refund"},
    {KeyedRoute::cancel_payment, "/v1/payments/{id}/cancel"},
}};

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

}  // namespace tidegate::platform
