#pragma once
// A fault while the timeline plays it, whoever carries it out: the agent (link faults) or the harness (process faults).

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"
#include "chaos/touch.hpp"

namespace tidegate::chaos {

/// What process faults need of whoever owns the processes under test; runner/ implements it over its supervisor.
/// Called on the timeline's thread. Times are on the machine's monotonic clock.
class ProcessControl {
 public:
  virtual ~ProcessControl() = default;
  /// Sends the signal; an error when the process is not running. Its end counts as asked for.
  virtual Result<void> kill(const std::string& process, int signal_number) = 0;
  /// Starts a process that ended or was sent a signal that ends it. Readiness comes later.
  virtual Result<void> restart(const std::string& process) = 0;
  /// The same with other switches than the stack's: as a deploy of another build or configuration starts it. An error
  /// when the process takes none.
  virtual Result<void> restart_with(const std::string& process, const std::map<std::string, std::string>& switches) {
    (void)switches;
    return usage_error("process '" + process + "' cannot be deployed with switches");
  }
  /// The process that runs now, for faults that the agent holds.
  struct Identity {
    int pid = 0;
    std::uint64_t started = 0;  ///< process_start_ticks
  };
  virtual Result<Identity> identity(const std::string& process) const = 0;
  /// Since when the current instance is ready; nothing while it is not.
  virtual std::optional<Nanoseconds> ready_since(const std::string& process) const = 0;
};

/// One injection. Used by one thread; every call returns within a few seconds at worst.
class RunningFault {
 public:
  virtual ~RunningFault() = default;
  virtual Result<void> inject() = 0;
  /// Called many times a second while the fault is on; does what has come due. True once it healed by itself. An error
  /// means that the fault did not do, or could not undo, what was planned.
  virtual Result<bool> poll() = 0;
  /// Ends it now, at its planned end or earlier. Called at most once, and not after `poll` said true.
  virtual Result<void> heal() = 0;
  /// How many things it touched so far.
  virtual std::uint64_t hits() const = 0;
  /// The messages that it touched since the last call, where they can be told; a bounded number at a time.
  virtual std::vector<Touch> take_touched() { return {}; }
};

}  // namespace tidegate::chaos
