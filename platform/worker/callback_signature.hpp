#pragma once
// How a provider signs what it tells by itself.

#include <cstdint>
#include <string>
#include <string_view>

namespace tidegate::platform {

/// The header webhook-signature: "t=UNIX_SECONDS,v1=HEX", an HMAC-SHA256 over `t.body` with the secret shared with the
/// provider. Good for five minutes.
std::string sign_callback(std::string_view secret, std::int64_t timestamp_s, std::string_view body);
bool verify_callback(std::string_view secret, std::string_view signature, std::string_view body, std::int64_t now_s);

}  // namespace tidegate::platform
