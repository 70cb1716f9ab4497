#pragma once
// Bytes as lower-case hexadecimal digits, two a byte. Pure; any thread.
#include <optional>
#include <string>
#include <string_view>

namespace tidegate::platform {

std::string to_hex(std::string_view raw);
/// Nothing when a character is no lower-case hexadecimal digit, or their number is odd.
std::optional<std::string> from_hex(std::string_view hex);

}  // namespace tidegate::platform
