#include "platform/gateway/secrets.hpp"

#include <fmt/format.h>

#include "base/random.hpp"
#include "platform/service/sha256.hpp"

namespace tidegate::platform {

std::string new_api_key() {
  return "tgk_" + random_hex(24);
}

std::string hash_of_secret(std::string_view secret) {
  return sha256_hex(secret);
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
