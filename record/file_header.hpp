#pragma once
// The first 16 bytes of each binary file of a run directory: 8 bytes magic, u32 version, u32 detail (little-endian).

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace tidegate::record {

inline constexpr std::size_t kFileHeaderSize = 16;

struct FileHeader {
  std::string_view magic;  ///< 8 bytes
  std::uint32_t version = 1;
  std::uint32_t detail = 0;  ///< of the format: the record size of operations.tgo, 0 in series.tgs
};

std::string encode_header(const FileHeader& header);

/// Refuses what is not this format and what a newer version wrote, naming the path. `start` is the file's first bytes.
Result<void> check_header(std::string_view start, const FileHeader& expected, const std::string& path);

/// The message for a format that this program is too old for.
Error future_version_error(const std::string& path, std::uint64_t found, std::uint64_t known);

/// Checks a JSON schema name such as "tidegate.run/1" against its base name and the newest version known here.
Result<void> check_schema(std::string_view found, std::string_view base, std::uint64_t known, const std::string& path);

}  // namespace tidegate::record
