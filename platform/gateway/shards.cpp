#include "platform/gateway/shards.hpp"

#include "platform/service/tenant_shard.hpp"

namespace tidegate::platform {

std::size_t Shards::index_of_merchant(std::int64_t merchant, std::size_t shards) {
  return shard_of_merchant(merchant, shards);
}

}  // namespace tidegate::platform
