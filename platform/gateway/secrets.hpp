#pragma once
// API keys, and what may be kept of a secret.

#include <string>
#include <string_view>

namespace tidegate::platform {

/// 192 bits from the operating system, "tgk_...".
std::string new_api_key();

/// SHA-256 as lower-case hex: what the database holds instead of an API key.
std::string hash_of_secret(std::string_view secret);
/// 16 hex digits by which an export names the API key, so that a client can match its own history without either side
/// storing the key.
std::string scope_of_api_key(std::string_view api_key);

/// 12 to 19 digits with a correct check digit (ISO/IEC 7812, Luhn).
bool is_card_number(std::string_view text) noexcept;

}  // namespace tidegate::platform
