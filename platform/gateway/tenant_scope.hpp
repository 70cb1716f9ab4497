#pragma once
// Tenant isolation in the store layer: whoever reads for a client names the client's merchant, and every statement that
// answers has it as a condition. A route cannot forget it, because it has nothing else to ask with.

#include <cstdint>

namespace tidegate::platform {

/// Of an authenticated request (PostgreSQL: the row-level security setting of the transaction).
struct TenantScope {
  std::int64_t merchant = 0;
};

}  // namespace tidegate::platform
