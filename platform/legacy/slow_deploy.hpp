#pragma once
// Switch `deploy_restart_all`: a restart is a deploy of everything, in one image. Source: FinPulse, 32 minutes a deploy
// and 20 more to roll back.

#include <string>

#include "base/time.hpp"

namespace tidegate::platform {

/// The case's 32 minutes at 1/240.
inline constexpr Nanoseconds kDeployTakes = std::chrono::seconds(8);

/// Blocks, unless the service has no database yet: the first start is none of it.
void wait_for_deploy(const std::string& data_directory);

}  // namespace tidegate::platform
