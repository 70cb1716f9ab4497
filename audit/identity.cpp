#include "audit/identity.hpp"

#include <xxhash.h>

namespace tidegate::audit {

Identity identity_of(std::string_view text) noexcept {
  if (text.empty()) return {};
  const XXH128_hash_t hash = XXH3_128bits(text.data(), text.size());
  return {hash.high64, hash.low64};
}

}  // namespace tidegate::audit
