#include "platform/notification/signature.hpp"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include <cstdlib>

#include "base/assert.hpp"
#include "platform/service/problem.hpp"

namespace tidegate::platform {
namespace {

constexpr std::string_view kSecretPrefix = "whsec_";
constexpr std::int64_t kToleranceSeconds = 300;
constexpr int kSecretBytes = 32;

std::string base64(std::string_view raw) {
  std::string text((raw.size() + 2) / 3 * 4 + 1, '\0');
  const int length = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                                     reinterpret_cast<const unsigned char*>(raw.data()), static_cast<int>(raw.size()));
  text.resize(static_cast<std::size_t>(length));
  return text;
}

Result<std::string> from_base64(std::string_view text) {
  if (text.empty() || text.size() % 4 != 0) return usage_error("the secret is no base64");
  std::string raw(text.size() / 4 * 3, '\0');
  const int length =
      EVP_DecodeBlock(reinterpret_cast<unsigned char*>(raw.data()), reinterpret_cast<const unsigned char*>(text.data()),
                      static_cast<int>(text.size()));
  if (length < 0) return usage_error("the secret is no base64");
  std::size_t padding = 0;
  while (padding < 2 && text[text.size() - 1 - padding] == '=') ++padding;
  raw.resize(static_cast<std::size_t>(length) - padding);
  return raw;
}

}  // namespace

std::string new_webhook_secret() {
  std::string raw(kSecretBytes, '\0');
  TIDEGATE_ASSERT(RAND_bytes(reinterpret_cast<unsigned char*>(raw.data()), kSecretBytes) == 1);
  return std::string(kSecretPrefix) + base64(raw);
}

Result<std::string> sign_webhook(std::string_view secret, std::string_view id, std::int64_t timestamp_s,
                                 std::string_view body) {
  if (secret.substr(0, kSecretPrefix.size()) != kSecretPrefix) return usage_error("a secret begins with whsec_");
  const auto key = from_base64(secret.substr(kSecretPrefix.size()));
  if (!key) return key.error();
  std::string signed_text(id);
  signed_text.append(1, '.').append(std::to_string(timestamp_s)).append(1, '.').append(body);
  std::string digest(32, '\0');
  unsigned int length = 0;
  HMAC(EVP_sha256(), key->data(), static_cast<int>(key->size()),
       reinterpret_cast<const unsigned char*>(signed_text.data()), signed_text.size(),
       reinterpret_cast<unsigned char*>(digest.data()), &length);
  return "v1," + base64(digest);
}

bool verify_webhook(std::string_view secret, std::string_view id, std::int64_t timestamp_s, std::string_view body,
                    std::string_view signatures, std::int64_t now_s) {
  if (std::abs(now_s - timestamp_s) > kToleranceSeconds) return false;
  const auto expected = sign_webhook(secret, id, timestamp_s, body);
  if (!expected) return false;
  while (!signatures.empty()) {
    const auto space = signatures.find(' ');
    if (same_secret(signatures.substr(0, space), *expected)) return true;
    signatures = space == std::string_view::npos ? std::string_view() : signatures.substr(space + 1);
  }
  return false;
}

}  // namespace tidegate::platform
