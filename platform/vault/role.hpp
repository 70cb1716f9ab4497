#pragma once
// The role `vault`, for the table of roles.

#include "platform/worker/role.hpp"

namespace tidegate::platform {

Result<std::unique_ptr<Role>> make_vault(RoleContext& context);

}  // namespace tidegate::platform
