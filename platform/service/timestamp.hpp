#pragma once
// Times as the API writes them.

#include <cstdint>
#include <string>

namespace tidegate::platform {

/// "2024-11-29T10:00:00.000Z" (RFC 3339) of Unix time in milliseconds. Pure; any thread.
std::string timestamp_text(std::int64_t unix_ms);

}  // namespace tidegate::platform
