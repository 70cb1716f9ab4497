#include "chaos/agent.hpp"

#include <cstdlib>

#include "cli/commands.hpp"
#include "cli/options.hpp"

namespace tidegate::cli {

void add_chaos(CLI::App& app, int& exit_code) {
  CLI::App* chaos = app.add_subcommand("chaos", "The fault agent");
  chaos->require_subcommand(1);
  auto options = std::make_shared<chaos::AgentOptions>();
  CLI::App* agent = chaos->add_subcommand("agent", "Hold fault proxies as leases, driven over HTTP on loopback");
  agent->add_option("--listen", options->listen, "Address and port; port 0 is chosen by the system")
      ->capture_default_str();
  agent->add_option("--token", options->token,
                    "Bearer token that every call must carry (default: the environment's TIDEGATE_AGENT_TOKEN)");
  agent->add_option("--ready-file", options->ready_file, "Where to write the address it got, as JSON");
  agent->add_option("--watch-fd", options->watch_fd, "Descriptor of a pipe; its end means that the harness died");
  agent->callback([options, &exit_code] {
    if (const char* token = std::getenv("TIDEGATE_AGENT_TOKEN"); options->token.empty() && token != nullptr) {
      options->token = token;
    }
    exit_code = chaos::run_agent(*options);
  });
}

}  // namespace tidegate::cli
