#pragma once
// A child process with an owner: known by pidfd, never by number alone, dead at the latest with its parent.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

#include "base/file.hpp"
#include "base/result.hpp"
#include "base/time.hpp"

namespace tidegate {

/// Standard input is empty (/dev/null).
struct ProcessOptions {
  std::vector<std::string> command;                ///< program (path, or found in PATH) and arguments
  std::map<std::string, std::string> environment;  ///< added to the parent's
  std::string output_path;                         ///< stdout and stderr are appended here; empty: inherited
  std::string working_directory;                   ///< empty: the parent's
  bool new_session = true;                         ///< own session, so that Ctrl-C reaches only the parent
  bool die_with_parent = true;                     ///< PR_SET_PDEATHSIG(SIGKILL), with the race after fork closed
  bool idle_scheduling = false;                    ///< runs where no usual process wants to (SCHED_IDLE, sched(7))
  std::vector<int> inherited_descriptors;          ///< kept open across exec; all others are closed
};

struct ExitStatus {
  int code = 0;              ///< exit code, when not signalled; -1 when somebody else reaped it
  int signal = 0;            ///< 0 when it exited by itself
  std::string text() const;  ///< "exit 3", "killed by SIGKILL"
};

/// Start from a thread that outlives the child: PR_SET_PDEATHSIG follows the starting thread.
class ChildProcess {
 public:
  ChildProcess() = default;
  ChildProcess(ChildProcess&&) noexcept = default;
  ChildProcess& operator=(ChildProcess&&) noexcept;
  /// Kills (SIGKILL) and reaps when still running.
  ~ChildProcess();

  static Result<ChildProcess> start(const ProcessOptions& options);

  bool running() const { return static_cast<bool>(pidfd_) && !status_; }
  pid_t pid() const { return pid_; }
  int pidfd() const { return pidfd_.get(); }
  /// Sends through the pidfd; an error when the process is gone.
  Result<void> signal(int signal_number);
  /// Reaps without waiting; the status once it ended.
  std::optional<ExitStatus> poll();
  /// Waits up to the limit.
  std::optional<ExitStatus> wait(Nanoseconds limit);
  /// SIGTERM (and SIGCONT, for a frozen one), then SIGKILL after the grace; returns the status.
  ExitStatus stop(Nanoseconds grace);
  /// As cpu_time_of; zero when gone.
  Nanoseconds cpu_time() const;

 private:
  pid_t pid_ = -1;
  FileDescriptor pidfd_;
  std::optional<ExitStatus> status_;
};

/// CPU time used so far by all threads of a process; nothing when there is none with that id.
std::optional<Nanoseconds> cpu_time_of(pid_t pid);

}  // namespace tidegate
