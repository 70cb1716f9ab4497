#include "record/file_header.hpp"

#include <charconv>

#include <fmt/format.h>

#include "base/assert.hpp"
#include "record/binary.hpp"

namespace tidegate::record {

std::string encode_header(const FileHeader& header) {
  TIDEGATE_ASSERT(header.magic.size() == 8);
  std::string bytes(header.magic);
  binary::put_fixed(bytes, header.version);
  binary::put_fixed(bytes, header.detail);
  return bytes;
}

Error future_version_error(const std::string& path, std::uint64_t found, std::uint64_t known) {
  return usage_error(
      fmt::format("{}: written by a newer tidegate (format version {}, this one reads up to {}); use that version to "
                  "read it",
                  path, found, known));
}

Result<void> check_header(std::string_view start, const FileHeader& expected, const std::string& path) {
  if (start.size() < kFileHeaderSize) {
    return machine_error(fmt::format("{}: only {} bytes long, the header is incomplete", path, start.size()));
  }
  binary::Reader reader(start);
  if (reader.bytes(8) != expected.magic) {
    return usage_error(fmt::format("{}: not a file of this kind (it does not start with {})", path, expected.magic));
  }
  const auto version = reader.fixed<std::uint32_t>();
  if (version > expected.version) return future_version_error(path, version, expected.version);
  if (version != expected.version) return usage_error(fmt::format("{}: format version {} is unknown", path, version));
  const auto detail = reader.fixed<std::uint32_t>();
  if (detail != expected.detail) {
    return usage_error(fmt::format("{}: header says {}, expected {}", path, detail, expected.detail));
  }
  return {};
}

Result<void> check_schema(std::string_view found, std::string_view base, std::uint64_t known, const std::string& path) {
  const std::size_t slash = found.rfind('/');
  std::uint64_t version = 0;
  bool numeric = false;
  if (slash != std::string_view::npos) {
    const char* end = found.data() + found.size();
    const auto parsed = std::from_chars(found.data() + slash + 1, end, version);
    numeric = parsed.ec == std::errc() && parsed.ptr == end;
  }
  if (!numeric || found.substr(0, slash) != base || version == 0) {
    return usage_error(fmt::format("{}: its schema is '{}', expected '{}/{}'", path, found, base, known));
  }
  if (version > known) return future_version_error(path, version, known);
  return {};
}

}  // namespace tidegate::record
