#pragma once
// A second process beside the agent that takes its place when it is killed.
//
//   agent --fork--> watchdog: holds duplicates of the listening sockets, and what would have to be undone
//     |                |
//   SIGKILL            sees the end of their socket: undoes, goes on as the agent with no fault on, forks its own
//   watchdog
//
// Method: the fork happens before the agent has threads or an event loop, so that the child can become an agent itself.

#include <memory>
#include <optional>
#include <string>

#include "chaos/journal.hpp"

namespace tidegate::chaos {

/// The agent's side. A watchdog that is gone is logged once, and missed.
class WatchdogLine final : public Journal {
 public:
  explicit WatchdogLine(FileDescriptor socket) : socket_(std::move(socket)) {}

  void link(const LinkReport& link, int listener) override;
  void link_closed(const std::string& name) override;
  void undo(const std::string& fault, const Undo& undo, const ProcessTarget& target) override;
  void fault(const FaultReport& report) override;

  /// Where the agent listens, for its successor.
  void listening(const std::string& control, const std::string& toxiproxy);
  /// At least once a second: an agent that is silent for kHungAfter is taken for hung, and killed.
  void alive();
  /// The agent ends as it should: no successor.
  void goodbye();

  static constexpr Nanoseconds kHungAfter = std::chrono::seconds(5);

 private:
  void send(const json::object& message, int descriptor = -1, bool may_be_dropped = false);
  FileDescriptor socket_;
  bool lost_ = false;
};

/// What the watchdog woke up with.
struct Succession {
  Inheritance inheritance;
  std::string control, toxiproxy;  ///< addresses
};

struct Fork {
  bool is_watchdog = false;
  std::unique_ptr<WatchdogLine> line;  ///< in the agent
  FileDescriptor socket;               ///< in the watchdog
  int agent_pid = 0;
};
/// Returns twice, as fork does. Call it before the process has threads.
Result<Fork> fork_watchdog();

/// In the watchdog: waits for the agent's end. Nothing when it ended as it should. When it did not, everything has been
/// undone that could be.
std::optional<Succession> wait_for_agent(Fork fork);

}  // namespace tidegate::chaos
