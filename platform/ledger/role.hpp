#pragma once
// The role `ledger`, for the table of roles.

#include "platform/worker/role.hpp"

namespace tidegate::platform {

Result<std::unique_ptr<Role>> make_ledger(RoleContext& context);

}  // namespace tidegate::platform
