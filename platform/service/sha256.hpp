#pragma once
// SHA-256 (FIPS 180-4).

#include <string>
#include <string_view>

namespace tidegate::platform {

/// 64 lower-case hex digits. Thread-safe.
std::string sha256_hex(std::string_view text);

}  // namespace tidegate::platform
