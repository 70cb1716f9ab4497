#pragma once
// The gateway's problem documents (RFC 9457) with types of their own: clients tell them apart by `type`.

#include <string_view>

#include "base/http/message.hpp"

namespace tidegate::platform {

/// `type` becomes "urn:tidegate:problem:TYPE".
http::Response typed_problem(int status, std::string_view type, std::string_view detail);

http::Response unknown_api_key();
/// The store cannot commit at the moment. Nothing is known to be written; the same key may be sent again.
http::Response store_unavailable();
http::Response payment_not_found();

/// Business rules, by the name that is stored with the key: "card-unknown", "currency-not-enabled".
namespace refusal {
inline constexpr std::string_view card_unknown = "card-unknown";
inline constexpr std::string_view currency_not_enabled = "currency-not-enabled";
}  // namespace refusal
http::Response refused(std::string_view rule);

}  // namespace tidegate::platform
