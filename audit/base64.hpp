#pragma once
// Base64 with padding (RFC 4648, section 4).

#include <optional>
#include <string>
#include <string_view>

namespace tidegate::audit {

std::string base64_encode(std::string_view raw);
/// Nothing for what is no base64.
std::optional<std::string> base64_decode(std::string_view text);

}  // namespace tidegate::audit
