#pragma once
// kill: a process of the stack dies, and is started again after a while.

#include <csignal>

#include "chaos/fault.hpp"

namespace tidegate::chaos {

struct KillParameters {
  std::optional<Nanoseconds> restart_after = std::chrono::seconds(2);  ///< none: never
  int signal_number = SIGKILL;                                         ///< or SIGTERM
  Nanoseconds ready_within = std::chrono::seconds(30);                 ///< from the restart
};

/// The node conforms to the kind's schema; a wrong time goes to the diagnostics.
KillParameters parse_kill(const yaml::Node& parameters, Diagnostics& diagnostics);

/// Healed once the process is ready again; one that is never restarted stays as it is.
class KillFault final : public RunningFault {
 public:
  KillFault(KillParameters parameters, std::string process, ProcessControl& control, const Clock& clock);
  Result<void> inject() override;
  Result<bool> poll() override;
  Result<void> heal() override;
  std::uint64_t hits() const override { return hits_; }

 private:
  Result<void> restart();

  KillParameters parameters_;
  std::string process_;
  ProcessControl& control_;
  const Clock& clock_;
  Nanoseconds killed_{0};
  std::optional<Nanoseconds> restarted_;
  std::uint64_t hits_ = 0;
};

}  // namespace tidegate::chaos
