#pragma once
// A fault as the timeline plays it that the agent holds: a lease on a link or on a process.

#include <memory>

#include "chaos/agent_client.hpp"
#include "chaos/plan.hpp"
#include "chaos/running_fault.hpp"

namespace tidegate::chaos {

/// `links` and `processes` outlive it; the latter may be null for a fault on a link. The lease lasts as long as
/// planned, plus the agent's grace.
std::unique_ptr<RunningFault> make_lease_running_fault(const FaultSpec& spec, std::uint64_t seed, LinkControl& links,
                                                       ProcessControl* processes);

}  // namespace tidegate::chaos
