#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>
#include <charconv>

#include "audit/base64.hpp"
#include "audit/webhook_sink.hpp"

namespace tidegate::audit {
namespace {
constexpr std::string_view kPrefix = "whsec_";
}

std::string_view to_string(Signature signature) {
  switch (signature) {
    case Signature::valid:
      return "valid";
    case Signature::missing:
      return "missing";
    case Signature::wrong:
      return "wrong";
    case Signature::stale:
      return "stale";
  }
  return "";
}

Result<std::string> sign_webhook(std::string_view secret, std::string_view id, std::string_view timestamp,
                                 std::string_view body) {
  const auto key =
      secret.starts_with(kPrefix) ? base64_decode(secret.substr(kPrefix.size())) : std::optional<std::string>();
  if (!key) return usage_error("a webhook secret is 'whsec_' and base64");
  std::string content;
  content.append(id).append(1, '.').append(timestamp).append(1, '.').append(body);
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned length = 0;
  HMAC(EVP_sha256(), key->data(), static_cast<int>(key->size()), reinterpret_cast<const unsigned char*>(content.data()),
       content.size(), digest.data(), &length);
  return "v1," + base64_encode({reinterpret_cast<const char*>(digest.data()), length});
}

Signature verify_webhook(std::string_view secret, std::string_view id, std::string_view timestamp,
                         std::string_view body, std::string_view signatures, Nanoseconds unix_now,
                         Nanoseconds tolerance) {
  if (id.empty() || timestamp.empty() || signatures.empty()) return Signature::missing;
  std::int64_t seconds = 0;
  const auto parsed = std::from_chars(timestamp.data(), timestamp.data() + timestamp.size(), seconds);
  if (parsed.ec != std::errc{} || parsed.ptr != timestamp.data() + timestamp.size()) return Signature::wrong;
  const auto wanted = sign_webhook(secret, id, timestamp, body);
  if (!wanted) return Signature::wrong;
  bool right = false;
  while (!signatures.empty()) {
    const std::size_t end = std::min(signatures.find(' '), signatures.size());
    const std::string_view one = signatures.substr(0, end);
    right = right || (one.size() == wanted->size() && CRYPTO_memcmp(one.data(), wanted->data(), one.size()) == 0);
    signatures.remove_prefix(std::min(end + 1, signatures.size()));
  }
  if (!right) return Signature::wrong;
  const std::int64_t now = std::chrono::duration_cast<std::chrono::seconds>(unix_now).count();
  const std::int64_t allowed = std::chrono::duration_cast<std::chrono::seconds>(tolerance).count();
  return seconds < now - allowed || seconds > now + allowed ? Signature::stale : Signature::valid;
}

}  // namespace tidegate::audit
