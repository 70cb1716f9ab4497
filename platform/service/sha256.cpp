#include "platform/service/sha256.hpp"

#include <openssl/evp.h>

#include "base/assert.hpp"
#include "platform/service/hex.hpp"

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
  std::string digest(32, '\0');
  unsigned int size = 0;
  const int done = EVP_Digest(text.data(), text.size(), reinterpret_cast<unsigned char*>(digest.data()), &size,
                              algorithm(), nullptr);
  TIDEGATE_ASSERT(done == 1 && size == digest.size());
  return to_hex(digest);
}

}  // namespace tidegate::platform
