#pragma once
// Where a tenant's data is when a service is split into shards: everybody who splits by tenant splits alike. Pure.

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace tidegate::platform {

/// A hash of the merchant's number, so that merchants made one after the other spread.
std::size_t shard_of_merchant(std::int64_t merchant, std::size_t shards);
/// Of a merchant's name, "mer_000012"; 0 for a tenant that is no merchant.
std::size_t shard_of_tenant(std::string_view tenant, std::size_t shards);

}  // namespace tidegate::platform
