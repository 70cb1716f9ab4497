#pragma once
// The layout of series.tgs, shared by its writer and its reader. Described for people in docs/run-directory.md.
//
//   header | block | block | ...         block = type u32 | length u32 | crc32 u32 | payload
//   definitions (type 1):  (id, kind u8, metric, unit, tag count, (key, value)...)...
//   records (type 2):      (second, id, value bytes)...   value = f64, or Histogram::encode's form

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

#include "record/file_header.hpp"

namespace tidegate::record::series_format {

inline constexpr FileHeader kHeader{"TGSERIES", 1, 0};

inline constexpr std::uint32_t kDefinitions = 1;
inline constexpr std::uint32_t kRecords = 2;

inline constexpr std::size_t kBlockHeaderSize = 12;
/// What a reader accepts; a longer length is damage, not data.
inline constexpr std::uint32_t kLongestBlock = 64U << 20;
/// Where a writer starts the next block, well under the limit with any one record added.
inline constexpr std::size_t kWriterBlock = 8U << 20;

/// Decades on either side of the run clock's zero; keeps arithmetic on seconds within 32 bits.
inline constexpr std::int64_t kFarthestSecond = 1'000'000'000;
/// The place of a series that a reader was not asked for.
inline constexpr std::size_t kNotKept = std::numeric_limits<std::size_t>::max();

/// The block's checksum covers its type, its length and its payload.
std::uint32_t block_checksum(std::uint32_t type, std::string_view payload);
/// Header and payload, ready for one write.
std::string encode_block(std::uint32_t type, std::string_view payload);

}  // namespace tidegate::record::series_format
