#pragma once
// The gateway's problem documents (RFC 9457) with types of their own: clients tell them apart by `type`.

#include <string_view>

#include "base/http/message.hpp"

namespace tidegate::platform {

/// `type` becomes "urn:tidegate:problem:TYPE".
http::Response typed_problem(int status, std::string_view type, std::string_view detail);

http::Response malformed(std::string_view detail);  ///< 400 malformed-request
http::Response unknown_api_key();
/// The store cannot commit at the moment. Nothing is known to be written; the same key may be sent again.
http::Response store_unavailable();
http::Response payment_not_found();
/// An operator has switched it off (feature flags), or a provisioned capacity is used up: 503, not stored with the key.
http::Response switched_off(std::string_view what);
http::Response capacity_exceeded();

/// Business rules, by the name that is stored with the key.
namespace refusal {
inline constexpr std::string_view card_unknown = "card-unknown";
inline constexpr std::string_view currency_not_enabled = "currency-not-enabled";
inline constexpr std::string_view blocked_by_rule = "blocked-by-rule";
inline constexpr std::string_view payment_unknown = "payment-unknown";
inline constexpr std::string_view state_does_not_allow = "state-does-not-allow";
inline constexpr std::string_view operation_in_progress = "operation-in-progress";
inline constexpr std::string_view amount_exceeds_rest = "amount-exceeds-rest";
inline constexpr std::string_view key_voided = "key-voided";  ///< fenced before it was seen
}  // namespace refusal
http::Response refused(std::string_view rule);

}  // namespace tidegate::platform
