#include "platform/gateway/shards.hpp"

#include "base/random.hpp"

namespace tidegate::platform {

std::size_t Shards::index_of_merchant(std::int64_t merchant, std::size_t shards) {
  // A hash, so that merchants made one after the other spread.
  return static_cast<std::size_t>(Draws(0, 0, static_cast<std::uint64_t>(merchant)).at(0) % shards);
}

}  // namespace tidegate::platform
