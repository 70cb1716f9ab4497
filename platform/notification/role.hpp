#pragma once
// The role `notification`, for the table of roles.

#include "platform/worker/role.hpp"

namespace tidegate::platform {

Result<std::unique_ptr<Role>> make_notification(RoleContext& context);

}  // namespace tidegate::platform
