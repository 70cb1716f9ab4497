#pragma once
// When each fault of a plan begins and ends. Internal to the plan.

#include <vector>

#include "base/yaml.hpp"
#include "chaos/plan.hpp"

namespace tidegate::chaos {

/// A fault whose times are not resolved yet.
struct DraftFault {
  FaultSpec spec;
  yaml::Node node;      ///< the entry; null when its shape was wrong
  bool usable = false;  ///< no mistake found so far
};

/// Fills in the times of all drafts, and reports: unknown phases and faults, circles of `after:`, faults outside the
/// run, exclusive faults that overlap on one target.
void schedule(std::vector<DraftFault>& drafts, const FaultContext& context, Diagnostics& diagnostics);

}  // namespace tidegate::chaos
