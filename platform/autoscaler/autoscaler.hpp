#pragma once

#include "platform/service/options.hpp"
#include "platform/service/scaling_options.hpp"

namespace tidegate::platform {

/// Until SIGTERM or SIGINT; the exit code. `options.roles` is the one role that it scales.
int run_autoscaler(const ServiceOptions& options, const ScalingOptions& scaling);

}  // namespace tidegate::platform
