#include "platform/service/hex.hpp"

namespace tidegate::platform {

std::string to_hex(std::string_view raw) {
  std::string hex(2 * raw.size(), '0');
  auto digit = hex.begin();
  for (const char c : raw) {
    const auto byte = static_cast<unsigned char>(c);
    *digit++ = "0123456789abcdef"[byte >> 4U];
    *digit++ = "0123456789abcdef"[byte & 15U];
  }
  return hex;
}

std::optional<std::string> from_hex(std::string_view hex) {
  const auto nibble = [](char c) { return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1; };
  if (hex.size() % 2 != 0) return std::nullopt;
  std::string raw;
  for (std::size_t i = 0; i < hex.size(); i += 2) {
    if (nibble(hex[i]) < 0 || nibble(hex[i + 1]) < 0) return std::nullopt;
    raw += static_cast<char>(nibble(hex[i]) * 16 + nibble(hex[i + 1]));
  }
  return raw;
}

}  // namespace tidegate::platform
