#pragma once
// A process that holds units of a role: each is a whole worker of the role, with a partition, a database and a port of
// its own. The autoscaler says which, over the host's own port:
//
//   PUT /internal/units {"units": [0, 3]}     from now on these; what it holds beside them ends in order
//   GET /internal/units                       {"units": {"0": "127.0.0.1:4001", "3": ""}}: all that it still or already
//                                             holds; an address once the unit serves
//
// A unit's data is in DATA/unit-N and moves with it: its database has one owner at a time by its lock, and a paused
// owner that wakes up cannot write to it, since the next one has raised its epoch (store/store.hpp).

#include <span>

#include "platform/service/scaling_options.hpp"
#include "platform/worker/role.hpp"

namespace tidegate::platform {

/// Until SIGTERM or SIGINT; the exit code. `options.roles` is what its units do, `options.workers` how many units there
/// are in all.
int run_unit_host(const ServiceOptions& options, const ScalingOptions& scaling, std::span<const RoleEntry> known);

}  // namespace tidegate::platform
