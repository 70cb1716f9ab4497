#include "platform/gateway/secrets.hpp"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <array>

#include "base/assert.hpp"
#include "base/random.hpp"

namespace tidegate::platform {
namespace {

/// OpenSSL looks an algorithm up for as long as it takes to hash a key: here once.
const EVP_MD* sha256() {
  static const EVP_MD* const algorithm = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  TIDEGATE_ASSERT(algorithm != nullptr);
  return algorithm;
}

}  // namespace

std::string new_api_key() {
  return "tgk_" + random_hex(24);
}

std::string hash_of_secret(std::string_view secret) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  const int done = EVP_Digest(secret.data(), secret.size(), digest.data(), &size, sha256(), nullptr);
  TIDEGATE_ASSERT(done == 1);
  std::string text;
  text.reserve(2 * std::size_t{size});
  for (unsigned i = 0; i < size; ++i) {
    text += "0123456789abcdef"[digest[i] >> 4];
    text += "0123456789abcdef"[digest[i] & 15];
  }
  return text;
}

std::string scope_of_api_key(std::string_view api_key) {
  return fmt::format("{:016x}", stable_hash(api_key));
}

bool is_card_number(std::string_view text) noexcept {
  if (text.size() < 12 || text.size() > 19) return false;
  int sum = 0;
  bool twice = false;
  for (auto digit = text.rbegin(); digit != text.rend(); ++digit, twice = !twice) {
    if (*digit < '0' || *digit > '9') return false;
    const int value = (*digit - '0') * (twice ? 2 : 1);
    sum += value > 9 ? value - 9 : value;
  }
  return sum % 10 == 0;
}

}  // namespace tidegate::platform
