#include <algorithm>
#include <cstdlib>

#include "base/units.hpp"
#include "chaos/agent.hpp"

namespace tidegate::chaos {

Result<AgentOptions> parse_agent_options(const std::vector<std::string>& arguments) {
  static const std::vector<std::string> known{"--listen",     "--token",     "--watch-fd",
                                              "--ready-file", "--toxiproxy", "--limit"};
  AgentOptions options;
  if (const char* token = std::getenv("TIDEGATE_AGENT_TOKEN")) options.token = token;
  for (std::size_t i = 0; i < arguments.size(); i += 2) {
    const std::string& name = arguments[i];
    if (std::find(known.begin(), known.end(), name) == known.end()) {
      const std::string near = nearest_spelling(name, known);
      return usage_error("chaos agent has no option '" + name + "'" +
                         (near.empty() ? "" : "; did you mean '" + near + "'?"));
    }
    if (i + 1 == arguments.size()) return usage_error(name + " needs a value");
    const std::string& value = arguments[i + 1];
    if (name == "--listen") options.listen = value;
    if (name == "--token") options.token = value;
    if (name == "--ready-file") options.ready_file = value;
    if (name == "--toxiproxy") options.toxiproxy = value;
    if (name == "--limit") {
      const auto most = parse_integer(value);
      if (!most || *most < 0) return usage_error("--limit: no number of faults: '" + value + "'");
      options.limit = static_cast<std::uint64_t>(*most);
    }
    if (name != "--watch-fd") continue;
    const auto number = parse_integer(value);
    if (!number || *number < 3 || *number > 1'000'000) return usage_error("--watch-fd: no descriptor: '" + value + "'");
    options.watch_fd = static_cast<int>(*number);
  }
  if (options.token.empty())
    return usage_error("chaos agent needs --token, or TIDEGATE_AGENT_TOKEN in its environment");
  return options;
}

}  // namespace tidegate::chaos
