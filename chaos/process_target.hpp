#pragma once
// A process that a fault acts on, known by pidfd and never by number alone, and what undoes such a fault should the one
// who made it be gone.

#include <sys/resource.h>

#include <cstdint>
#include <optional>
#include <string>

#include "base/file.hpp"
#include "base/json.hpp"
#include "base/result.hpp"

namespace tidegate::chaos {

class ProcessTarget {
 public:
  /// `started` is the process's start in clock ticks since boot, from whoever knows it for certain: a number that
  /// another process has taken over meanwhile is refused. Zero: whoever has the number now.
  static Result<ProcessTarget> open(int pid, std::uint64_t started);
  ProcessTarget(FileDescriptor pidfd, int pid) : pidfd_(std::move(pidfd)), pid_(pid) {}

  int pid() const noexcept { return pid_; }
  int pidfd() const noexcept { return pidfd_.get(); }
  bool alive() const;
  /// An error when it is gone.
  Result<void> signal(int number) const;
  /// Whether all of it stands still (state T).
  bool stopped() const;
  Result<rlimit> limit(int resource) const;
  Result<void> set_limit(int resource, const rlimit& limit) const;
  /// Another owner of the same process.
  Result<ProcessTarget> duplicate() const;

 private:
  FileDescriptor pidfd_;
  int pid_;
};

/// Of a running process, in clock ticks since boot; zero when there is none.
std::uint64_t process_start_ticks(int pid);

/// What has to be done to a process for a fault to be undone.
struct Undo {
  bool go_on = false;  ///< SIGCONT
  int resource = -1;   ///< RLIMIT_*, to be set back to `limit`; -1: none
  rlimit limit{};

  /// Nothing to do for a process that is gone.
  Result<void> apply(const ProcessTarget& target) const;
};
json::object to_json(const Undo& undo);
Undo undo_from_json(const json::object& object);

}  // namespace tidegate::chaos
