#pragma once
// The command line of `tidegate-platform`.

#include <string>

#include "platform/service/options.hpp"
#include "platform/service/scaling_options.hpp"

namespace tidegate::platform {

inline constexpr int kUsageExitCode = 104;

/// What the command line asks for: run a role, or print `text` and leave with `exit_code` (0 for --help and --version,
/// kUsageExitCode with the mistake for anything wrong).
struct CommandLine {
  bool run = false;
  ServiceOptions options;
  ScalingOptions scaling;  ///< of an autoscaler and its processes
  std::string text;
  int exit_code = 0;
};

/// Never ends the process. The operator token may also come from the environment, TIDEGATE_OPERATOR_TOKEN, which keeps
/// it out of process listings.
CommandLine parse_command_line(int argc, const char* const* argv);

}  // namespace tidegate::platform
