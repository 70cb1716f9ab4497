#pragma once
// The role `reconciliation`, for the table of roles.

#include "platform/worker/role.hpp"

namespace tidegate::platform {

Result<std::unique_ptr<Role>> make_reconciliation(RoleContext& context);

}  // namespace tidegate::platform
