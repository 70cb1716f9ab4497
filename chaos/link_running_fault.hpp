#pragma once
// A link fault as the timeline plays it: a lease at the agent.

#include <memory>

#include "chaos/agent_client.hpp"
#include "chaos/plan.hpp"
#include "chaos/running_fault.hpp"

namespace tidegate::chaos {

/// `links` outlives it. The lease lasts as long as planned, plus the agent's grace.
std::unique_ptr<RunningFault> make_link_running_fault(const FaultSpec& spec, std::uint64_t seed, LinkControl& links);

}  // namespace tidegate::chaos
