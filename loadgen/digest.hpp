#pragma once
// Digests and encodings that requests are signed with (FIPS 180-4, RFC 2104, RFC 4648), over OpenSSL.

#include <string>
#include <string_view>

namespace tidegate::loadgen {

std::string sha256(std::string_view text);                             ///< 32 bytes
std::string sha1(std::string_view text);                               ///< 20 bytes; for WebSocket's handshake only
std::string hmac_sha256(std::string_view key, std::string_view text);  ///< 32 bytes
std::string to_hex(std::string_view bytes);                            ///< lower case
std::string to_base64(std::string_view bytes);                         ///< with padding

}  // namespace tidegate::loadgen
