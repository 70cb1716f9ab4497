#pragma once
// CRC-32 (IEEE 802.3, as in gzip and PNG): finds torn and flipped bytes, not forgery.

#include <cstdint>
#include <string_view>

namespace tidegate::record {

/// Continues from `so_far`, so that parts can be summed one after the other.
std::uint32_t crc32_of(std::string_view bytes, std::uint32_t so_far = 0);

}  // namespace tidegate::record
