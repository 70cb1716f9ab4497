#pragma once
// How many partitions a topic has, asked of the cluster: a system that runs already need not say.

#include <string>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"
#include "gates/probes/lag_probe.hpp"

namespace tidegate::gates {

/// Fills in the partitions of groups that have none. An error names the topic that the cluster does not have, or says
/// that it does not answer. Blocks up to the timeout.
Result<std::vector<LagGroup>> with_partitions(const std::string& bootstrap, std::vector<LagGroup> groups,
                                              Nanoseconds timeout);

}  // namespace tidegate::gates
