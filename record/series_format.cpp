#include "record/series_format.hpp"

#include "base/assert.hpp"
#include "record/binary.hpp"
#include "record/checksum.hpp"

namespace tidegate::record::series_format {
namespace {

std::string type_and_length(std::uint32_t type, std::string_view payload) {
  TIDEGATE_ASSERT(payload.size() <= kLongestBlock);
  std::string bytes;
  binary::put_fixed(bytes, type);
  binary::put_fixed(bytes, static_cast<std::uint32_t>(payload.size()));
  return bytes;
}

}  // namespace

std::uint32_t block_checksum(std::uint32_t type, std::string_view payload) {
  return crc32_of(payload, crc32_of(type_and_length(type, payload)));
}

std::string encode_block(std::uint32_t type, std::string_view payload) {
  std::string block = type_and_length(type, payload);
  binary::put_fixed(block, block_checksum(type, payload));
  block.append(payload);
  return block;
}

}  // namespace tidegate::record::series_format
