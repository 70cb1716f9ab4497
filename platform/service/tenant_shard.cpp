#include "platform/service/tenant_shard.hpp"

#include <charconv>

#include "base/random.hpp"

namespace tidegate::platform {
namespace {

constexpr std::string_view kMerchant = "mer_";

}  // namespace

std::size_t shard_of_merchant(std::int64_t merchant, std::size_t shards) {
  return static_cast<std::size_t>(Draws(0, 0, static_cast<std::uint64_t>(merchant)).at(0) % shards);
}

std::size_t shard_of_tenant(std::string_view tenant, std::size_t shards) {
  if (shards == 1 || tenant.substr(0, kMerchant.size()) != kMerchant) return 0;
  std::int64_t number = 0;
  const char* const end = tenant.data() + tenant.size();
  const auto [read, failed] = std::from_chars(tenant.data() + kMerchant.size(), end, number);
  return failed == std::errc() && read == end ? shard_of_merchant(number, shards) : 0;
}

}  // namespace tidegate::platform
