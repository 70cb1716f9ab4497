#include "platform/service/sha256.hpp"

#include <openssl/evp.h>

#include <array>

#include "base/assert.hpp"

namespace tidegate::platform {
namespace {

/// OpenSSL looks an algorithm up for as long as it takes to hash a key: here once.
const EVP_MD* algorithm() {
  static const EVP_MD* const found = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  TIDEGATE_ASSERT(found != nullptr);
  return found;
}

}  // namespace

std::string sha256_hex(std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  const int done = EVP_Digest(text.data(), text.size(), digest.data(), &size, algorithm(), nullptr);
  TIDEGATE_ASSERT(done == 1);
  std::string hex;
  hex.reserve(2 * std::size_t{size});
  for (unsigned i = 0; i < size; ++i) {
    hex += "0123456789abcdef"[digest[i] >> 4];
    hex += "0123456789abcdef"[digest[i] & 15];
  }
  return hex;
}

}  // namespace tidegate::platform
