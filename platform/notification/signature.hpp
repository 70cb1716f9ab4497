#pragma once
// Standard Webhooks signatures (https://www.standardwebhooks.com, spec 1.0): HMAC-SHA256 over `id.timestamp.body`.

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace tidegate::platform {

/// "whsec_" and 32 random bytes in base64.
std::string new_webhook_secret();
/// "v1," and the base64 of the HMAC; the error says that the secret is malformed.
Result<std::string> sign_webhook(std::string_view secret, std::string_view id, std::int64_t timestamp_s,
                                 std::string_view body);
/// Whether one of the space-separated signatures is right and the timestamp within five minutes of `now_s`.
bool verify_webhook(std::string_view secret, std::string_view id, std::int64_t timestamp_s, std::string_view body,
                    std::string_view signatures, std::int64_t now_s);

}  // namespace tidegate::platform
