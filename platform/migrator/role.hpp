#pragma once
// The role `migrator`, for the table of roles.

#include "platform/worker/role.hpp"

namespace tidegate::platform {

Result<std::unique_ptr<Role>> make_migrator(RoleContext& context);

}  // namespace tidegate::platform
