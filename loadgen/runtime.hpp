#pragma once
// What all loops share while they run, and none of them changes. Internal to loadgen/.

#include <map>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"
#include "loadgen/compiled.hpp"
#include "loadgen/connection.hpp"
#include "loadgen/metrics.hpp"
#include "loadgen/render.hpp"

namespace tidegate::loadgen {

struct Runtime {
  explicit Runtime(CompiledPlan bound) : plan(std::move(bound)), setup(plan), layout(plan) {}
  CompiledPlan plan;  ///< with the stack's values and the host put in
  SetupData setup;
  MetricLayout layout;
  RunClock clock;
  std::vector<Address> addresses;
};

/// Puts in `${stack…}` and `${env…}`, prepares requests for the host, and notes which feeders each flow reads. An error
/// names the value that is missing.
Result<CompiledPlan> bind_plan(const CompiledPlan& plan, const std::string& host,
                               const std::map<std::string, std::string>& stack);

}  // namespace tidegate::loadgen
