#pragma once
// The role `acquiring`, for the table of roles.

#include "platform/worker/role.hpp"

namespace tidegate::platform {

Result<std::unique_ptr<Role>> make_acquiring(RoleContext& context);

}  // namespace tidegate::platform
