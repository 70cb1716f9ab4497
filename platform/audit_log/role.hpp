#pragma once
// The role `audit`, for the table of roles.

#include "platform/worker/role.hpp"

namespace tidegate::platform {

Result<std::unique_ptr<Role>> make_audit(RoleContext& context);

}  // namespace tidegate::platform
