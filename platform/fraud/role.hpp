#pragma once
// The role `fraud`, for the table of roles.

#include "platform/worker/role.hpp"

namespace tidegate::platform {

Result<std::unique_ptr<Role>> make_fraud(RoleContext& context);

}  // namespace tidegate::platform
