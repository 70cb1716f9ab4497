#pragma once
// Every role that a worker can have.

#include <span>

#include "platform/worker/role.hpp"

namespace tidegate::platform {

std::span<const RoleEntry> worker_roles();

}  // namespace tidegate::platform
