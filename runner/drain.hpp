#pragma once
// After load: waiting until the system has nothing left to do, within a limit.

#include <functional>
#include <string>

#include "audit/fetch.hpp"
#include "base/time.hpp"
#include "gates/probes/lag_probe.hpp"
#include "stack/supervisor.hpp"

namespace tidegate::runner {

struct DrainInput {
  RunClock clock;                                 ///< the probe's
  gates::LagProbe* probe = nullptr;               ///< null: lag is not looked at
  const stack::Supervisor* supervisor = nullptr;  ///< null: external system
  const audit::System* system = nullptr;          ///< null: neither payments nor webhooks are looked at
  Nanoseconds limit{0};                           ///< of waiting
  Nanoseconds reading_limit{0};                   ///< of reading what was not read before, which is no waiting
  std::function<bool()> interrupted;
  std::function<void()> each_second;
};

struct DrainOutcome {
  bool drained = false;
  double seconds = 0;
  double reading_seconds =
      0;                  ///< of them: reading exports for the first time, during which all may long have been done
  std::string open_text;  ///< what was still open, empty when drained
};

/// Drained: every process is ready, no payment is in a transient state, no delivery of a webhook that the run's own
/// sink waits for is pending, and since then every group's lag is 0 and nothing has come for a second. Blocking.
/// Exports of millions of rows take longer to read than a system may take to drain: the time in which they are read for
/// the first time does not count as waiting.
DrainOutcome wait_until_drained(const DrainInput& input);

}  // namespace tidegate::runner
