#include "platform/worker/callback_signature.hpp"

#include <openssl/hmac.h>

#include <charconv>

#include "platform/service/hex.hpp"
#include "platform/service/problem.hpp"

namespace tidegate::platform {
namespace {

constexpr std::int64_t kToleranceSeconds = 300;

std::string hmac_hex(std::string_view secret, std::string_view text) {
  std::string digest(32, '\0');
  unsigned int length = 0;
  HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()),
       reinterpret_cast<const unsigned char*>(text.data()), text.size(),
       reinterpret_cast<unsigned char*>(digest.data()), &length);
  return to_hex(digest);
}

}  // namespace

std::string sign_callback(std::string_view secret, std::int64_t timestamp_s, std::string_view body) {
  const std::string time = std::to_string(timestamp_s);
  return "t=" + time + ",v1=" + hmac_hex(secret, time + "." + std::string(body));
}

bool verify_callback(std::string_view secret, std::string_view signature, std::string_view body, std::int64_t now_s) {
  if (secret.empty() || signature.substr(0, 2) != "t=") return false;
  std::int64_t timestamp_s = 0;
  const char* begin = signature.data() + 2;
  const auto [end, failed] = std::from_chars(begin, signature.data() + signature.size(), timestamp_s);
  if (failed != std::errc() || end == begin) return false;
  if (timestamp_s > now_s + kToleranceSeconds || timestamp_s < now_s - kToleranceSeconds) return false;
  return same_secret(signature, sign_callback(secret, timestamp_s, body));
}

}  // namespace tidegate::platform
