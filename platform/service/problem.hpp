#pragma once
// RFC 9457 problem documents and the bearer token (RFC 6750), shared by every service.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/http/message.hpp"
#include "base/json.hpp"

namespace tidegate::platform {

/// An application/problem+json answer: type "about:blank", the status's reason phrase as title, and the detail.
http::Response problem(int status, std::string_view detail);
/// A JSON answer.
http::Response json_response(int status, const json::value& body);

/// The token of `Authorization: Bearer TOKEN`.
std::optional<std::string_view> bearer_token(const http::Request& request);
/// Compares in a time that does not depend on where the texts differ.
bool same_secret(std::string_view a, std::string_view b) noexcept;

/// A whole number from a query parameter: `fallback` when absent, nothing when malformed or outside [low, high].
std::optional<std::int64_t> integer_parameter(const http::Request& request, std::string_view name,
                                              std::int64_t fallback, std::int64_t low, std::int64_t high);

}  // namespace tidegate::platform
