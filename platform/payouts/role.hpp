#pragma once
// The role `payouts`, for the table of roles.

#include "platform/worker/role.hpp"

namespace tidegate::platform {

Result<std::unique_ptr<Role>> make_payouts(RoleContext& context);

}  // namespace tidegate::platform
