#include "chaos/agent.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <iostream>

#include "base/random.hpp"
#include "base/units.hpp"
#include "chaos/control.hpp"
#include "chaos/fault.hpp"
#include "cli/commands.hpp"
#include "cli/options.hpp"

namespace tidegate::cli {
namespace {

std::string token_of_environment() {
  const char* token = std::getenv("TIDEGATE_AGENT_TOKEN");
  return token == nullptr ? std::string() : std::string(token);
}

/// Which agents a command means.
struct AgentChoice {
  std::string file, address, token;

  void add_options(CLI::App& command) {
    command.add_option("--agent", file, "File of the agent, such as RUN/stack/agent.json (default: all of this user)");
    command.add_option("--address", address, "host:port of an agent, with its token");
    command.add_option("--token", token, "Its token (default: the environment's TIDEGATE_AGENT_TOKEN)");
  }
  Result<std::vector<chaos::AgentEndpoint>> agents() const {
    if (!address.empty()) {
      const std::string secret = token.empty() ? token_of_environment() : token;
      if (secret.empty()) return usage_error("--address needs --token, or TIDEGATE_AGENT_TOKEN in the environment");
      return std::vector{chaos::AgentEndpoint{address, secret, 0}};
    }
    if (!file.empty()) {
      auto agent = chaos::read_agent_file(file);
      if (!agent) return usage_error("--agent: " + agent.error().message);
      return std::vector{std::move(*agent)};
    }
    auto all = chaos::registered_agents();
    if (all.empty()) return usage_error("no chaos agent of this user runs here; --agent FILE or --address names one");
    return all;
  }
  /// For commands that change one.
  Result<chaos::AgentEndpoint> one() const {
    auto all = agents();
    if (!all) return all.error();
    if (all->size() == 1) return all->front();
    std::string pids;
    for (const auto& agent : *all) pids += " " + agent.address;
    return usage_error("there are several agents; choose one with --address:" + pids);
  }
};

/// `key=value` pairs as a map, values in YAML's flow style.
Result<yaml::Node> map_of(const std::vector<std::string>& pairs, const std::string& option) {
  std::string text = "{";
  for (const std::string& pair : pairs) {
    const auto equals = pair.find('=');
    if (equals == std::string::npos || equals == 0)
      return usage_error(option + ": expected KEY=VALUE, found '" + pair + "'");
    text += (text.size() > 1 ? ", " : "") + pair.substr(0, equals) + ": " + pair.substr(equals + 1);
  }
  Diagnostics diagnostics;
  auto node = yaml::parse(text + "}", option, diagnostics);
  if (!diagnostics.empty()) return diagnostics.to_error();
  return node;
}

void print_status(const chaos::AgentEndpoint& agent, const chaos::AgentStatus& status) {
  std::cout << fmt::format("agent {} (process {}{})\n", agent.address, status.pid,
                           status.limit > 0 ? fmt::format(", at most {} faults at once", status.limit) : "");
  for (const auto& link : status.links) {
    std::cout << fmt::format("  link   {:<28} {} -> {}{}  {} open, {} accepted{}\n", link.name, link.address,
                             link.upstream.empty() ? "?" : link.upstream, link.http ? " (http)" : "", link.connections,
                             link.accepted, link.enabled ? "" : "  OFF");
  }
  for (const auto& fault : status.faults) {
    const std::string target = fault.link.empty() ? fault.process : fault.link;
    std::cout << fmt::format("  fault  {:<28} {} on {}  {}  {} hits, {} in the last second, {:.1f} s{}\n", fault.id,
                             fault.kind, target, fault.active ? "ON" : "healed: " + fault.healed_by, fault.hits,
                             fault.hits_last_second, fault.active_s, fault.by.empty() ? "" : ", by " + fault.by);
  }
}

void add_agent_options(CLI::App& command, chaos::AgentOptions& options) {
  command.add_option("--listen", options.listen, "Control API: address and port; port 0 is chosen by the system")
      ->capture_default_str();
  command.add_option("--token", options.token,
                     "Bearer token that every call must carry (default: the environment's TIDEGATE_AGENT_TOKEN)");
  command.add_option("--toxiproxy", options.toxiproxy,
                     "Also speak Toxiproxy's API there, without a token: 127.0.0.1:8474");
  command.add_option("--limit", options.limit, "Refuse more faults at once than this");
}

void add_agent(CLI::App& chaos, int& exit_code) {
  auto options = std::make_shared<chaos::AgentOptions>();
  CLI::App* agent = chaos.add_subcommand("agent", "Hold fault proxies as leases, driven over HTTP on loopback");
  add_agent_options(*agent, *options);
  agent->add_option("--ready-file", options->ready_file, "Where to write the address it got, as JSON");
  agent->add_option("--watch-fd", options->watch_fd, "Descriptor of a pipe; its end means that the harness died");
  agent->callback([options, &exit_code] {
    if (options->token.empty()) options->token = token_of_environment();
    exit_code = chaos::run_agent(*options);
  });
}

void add_proxy(CLI::App& chaos, int& exit_code) {
  auto options = std::make_shared<chaos::AgentOptions>();
  auto link = std::make_shared<chaos::LinkRequest>();
  CLI::App* proxy =
      chaos.add_subcommand("proxy", "One proxy in the foreground, for `chaos inject` from another terminal");
  proxy->add_option("LISTEN", link->listen, "Address and port to listen on")->required();
  proxy->add_option("UPSTREAM", link->upstream, "Address and port to connect to")->required();
  link->name = "proxy";
  proxy->add_option("--name", link->name, "Name of the link")->capture_default_str();
  proxy->add_flag("--http", link->http, "It speaks HTTP/1.1, so that faults can look at messages");
  add_agent_options(*proxy, *options);
  proxy->callback([options, link, &exit_code] {
    if (options->token.empty()) options->token = token_of_environment();
    if (options->token.empty()) options->token = random_hex(16);  // whoever may read the agent's file knows it
    options->links = {*link};
    exit_code = chaos::run_agent(*options);
  });
}

struct Injection {
  AgentChoice agent;
  chaos::LeaseRequest lease;
  std::vector<std::string> parameters, match;
  std::string lasts;
};

int inject(Injection what) {
  auto endpoint = what.agent.one();
  if (!endpoint) return fail(endpoint.error());
  const chaos::FaultKind* kind = chaos::find_fault_kind(what.lease.kind);
  if (kind == nullptr) {
    std::vector<std::string> names;
    for (const auto& each : chaos::fault_kinds()) names.push_back(each.name);
    const std::string near = nearest_spelling(what.lease.kind, names);
    return fail(usage_error("there is no fault '" + what.lease.kind + "'" +
                            (near.empty() ? "" : "; did you mean " + near + "?")));
  }
  auto parameters = map_of(what.parameters, "--set");
  if (!parameters) return fail(parameters.error());
  Diagnostics diagnostics;
  chaos::check_parameters(*kind, *parameters, kind->name, diagnostics);
  auto match = map_of(what.match, "--match");
  if (!match) return fail(match.error());
  if (schema::check(*match, *chaos::match_schema(), "--match", diagnostics)) {
    what.lease.match = chaos::parse_match(*match, diagnostics);
  }
  if (!diagnostics.empty()) return fail(diagnostics.to_error());
  if (!what.lasts.empty()) {
    const auto lasts = parse_duration(what.lasts);
    if (!lasts) return fail(usage_error("--for: " + lasts.error().message));
    what.lease.duration = *lasts;
    what.lease.grace = Nanoseconds{0};
  }
  what.lease.parameters = std::move(*parameters);
  what.lease.needs_heartbeat = false;
  if (what.lease.id.empty()) what.lease.id = what.lease.kind;
  const char* user = std::getenv("USER");
  what.lease.by = std::string(user == nullptr ? "somebody" : user) + " at a terminal";
  const auto report = chaos::AgentControl(*endpoint).inject(what.lease);
  if (!report) return fail(report.error());
  std::cout << fmt::format("{} is on{}; heal it with: tidegate chaos heal {}\n", report->id,
                           what.lasts.empty() ? "" : " for " + what.lasts, report->id);
  return 0;
}

void add_inject(CLI::App& chaos, int& exit_code) {
  auto what = std::make_shared<Injection>();
  CLI::App* command =
      chaos.add_subcommand("inject", "Inject a fault into a running agent; without --for it stays until healed");
  command->add_option("KIND", what->lease.kind, "As `tidegate list faults` names it")->required();
  auto* link = command->add_option("--link", what->lease.link, "The agent's link that it hits");
  command->add_option("--pid", what->lease.pid, "The process that it hits")->excludes(link);
  command->add_option("--set", what->parameters, "KEY=VALUE: a parameter of the kind; repeatable")
      ->allow_extra_args(false);
  command->add_option("--match", what->match, "KEY=VALUE: probability, every, first, path, ...; repeatable")
      ->allow_extra_args(false);
  command->add_option("--for", what->lasts, "How long, such as 30s");
  command->add_option("--id", what->lease.id, "Its name (default: the kind)");
  what->agent.add_options(*command);
  command->callback([what, &exit_code] {
    if (what->lease.pid != 0) what->lease.process = "process " + std::to_string(what->lease.pid);
    exit_code = inject(*what);
  });
}

void add_status(CLI::App& chaos, int& exit_code) {
  auto agent = std::make_shared<AgentChoice>();
  auto as_json = std::make_shared<bool>(false);
  CLI::App* command = chaos.add_subcommand("status", "Links and faults of the agents that run now");
  agent->add_options(*command);
  command->add_flag("--json", *as_json, "As JSON, one object an agent");
  command->callback([agent, as_json, &exit_code] {
    auto agents = agent->agents();
    if (!agents) {
      exit_code = fail(agents.error());
      return;
    }
    for (const auto& endpoint : *agents) {
      const auto status = chaos::AgentControl(endpoint).status();
      if (!status) {
        exit_code = fail(status.error());
      } else if (*as_json) {
        std::cout << json::serialize(to_json(*status)) << "\n";
      } else {
        print_status(endpoint, *status);
      }
    }
  });
}

int heal(const AgentChoice& choice, const std::string& fault, bool all) {
  if (all == !fault.empty()) return fail(usage_error("chaos heal needs either a fault's name or --all"));
  auto agents = choice.agents();
  if (!agents) return fail(agents.error());
  int healed = 0;
  for (const auto& endpoint : *agents) {
    const chaos::AgentControl control(endpoint);
    const auto before = control.status();
    if (!before) return fail(before.error());
    for (const auto& each : before->faults) {
      if (!each.active || (!all && each.id != fault)) continue;
      const auto report = control.heal(each.id);
      if (!report) return fail(report.error());
      std::cout << fmt::format("{} healed after {:.1f} s and {} hits\n", report->id, report->active_s, report->hits);
      ++healed;
    }
  }
  if (healed == 0 && !all) return fail(usage_error("no fault '" + fault + "' is on"));
  if (healed == 0) std::cout << "no fault is on\n";
  return 0;
}

void add_heal(CLI::App& chaos, int& exit_code) {
  auto agent = std::make_shared<AgentChoice>();
  auto fault = std::make_shared<std::string>();
  auto all = std::make_shared<bool>(false);
  CLI::App* command = chaos.add_subcommand("heal", "Heal one fault, or all of them");
  command->add_option("FAULT", *fault, "Its name");
  command->add_flag("--all", *all, "Every fault of every agent named");
  agent->add_options(*command);
  command->callback([agent, fault, all, &exit_code] { exit_code = heal(*agent, *fault, *all); });
}

}  // namespace

void add_chaos(CLI::App& app, int& exit_code) {
  CLI::App* chaos = app.add_subcommand("chaos", "Faults without a scenario: agent, proxy, inject, status, heal");
  chaos->require_subcommand(1);
  add_agent(*chaos, exit_code);
  add_proxy(*chaos, exit_code);
  add_inject(*chaos, exit_code);
  add_status(*chaos, exit_code);
  add_heal(*chaos, exit_code);
}

}  // namespace tidegate::cli
