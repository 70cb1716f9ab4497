#pragma once
// The rest of a scenario, as plans see it: warmup 0-3 s, ramp 3-10, peak 10-25, recovery 25-33.

#include "chaos/plan.hpp"

namespace tidegate::chaos::test {

inline FaultContext plan_context() {
  FaultContext context;
  context.phases = {{"warmup", 0, 3, false}, {"ramp", 3, 10, true}, {"peak", 10, 25, true}, {"recovery", 25, 33, true}};
  context.links = {"acquiring->bank", "harness->gateway"};
  context.http_links = {"acquiring->bank"};
  context.processes = {"gateway", "acquiring", "ledger", "bank"};
  context.stores = {"payments"};
  return context;
}

}  // namespace tidegate::chaos::test
