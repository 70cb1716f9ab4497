#pragma once
// The process that holds every fault on links and every lease on processes: `tidegate chaos agent`. It outlives the
// harness just long enough to heal.

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "chaos/agent_protocol.hpp"

namespace tidegate::chaos {

struct AgentOptions {
  std::string listen = "127.0.0.1:0";  ///< control API; port 0: chosen by the system
  std::string token;                   ///< required of every request; never empty
  int watch_fd = -1;                   ///< a pipe from the harness: its end means that the harness died; -1: none
  std::string ready_file;              ///< written once it listens (AgentEndpoint's JSON, mode 0600); empty: to stdout
  std::string toxiproxy;               ///< where it speaks Toxiproxy's API, without a token; empty: nowhere
  std::uint64_t limit = 0;             ///< of faults at once; zero: none
  std::vector<LinkRequest> links;      ///< opened at the start
};

/// `--listen ADDRESS --token TOKEN --watch-fd N --ready-file PATH --toxiproxy ADDRESS --limit N`. Without --token, the
/// environment's TIDEGATE_AGENT_TOKEN, which other users of the machine cannot see in the process table.
Result<AgentOptions> parse_agent_options(const std::vector<std::string>& arguments);

/// Runs until SIGTERM, SIGINT or the end of the watched pipe, then heals everything and returns. The exit code: 0, or
/// 97 when it could not start (the log says why). Call it before the process has threads: it forks a watchdog.
int run_agent(const AgentOptions& options);

}  // namespace tidegate::chaos
