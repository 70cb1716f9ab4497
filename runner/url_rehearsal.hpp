#pragma once
// `tidegate load URL`: the smallest rehearsal. No stack, no faults, gates only from --expect.

#include <string>
#include <vector>

#include "loadgen/plan.hpp"
#include "loadgen/transport_options.hpp"
#include "runner/rehearsal.hpp"

namespace tidegate::runner {

struct UrlRehearsal {
  loadgen::UrlLoad load;
  loadgen::TransportOptions transport;
  std::vector<std::string> expectations;  ///< "p99 < 300ms" is short for "p99(response_time) < 300ms"
  RunOptions run;
};

/// Errors: a bad URL or expectation (usage), a run directory that cannot be made. A target that cannot be reached is
/// said before load starts.
Result<RunOutcome> rehearse_url(const UrlRehearsal& rehearsal);

}  // namespace tidegate::runner
