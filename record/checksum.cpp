#include "record/checksum.hpp"

#include <zlib.h>

namespace tidegate::record {

std::uint32_t crc32_of(std::string_view bytes, std::uint32_t so_far) {
  return static_cast<std::uint32_t>(
      ::crc32_z(so_far, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size()));
}

}  // namespace tidegate::record
