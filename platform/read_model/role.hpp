#pragma once
// The role `read-model`, for the table of roles.

#include "platform/worker/role.hpp"

namespace tidegate::platform {

Result<std::unique_ptr<Role>> make_read_model(RoleContext& context);

}  // namespace tidegate::platform
