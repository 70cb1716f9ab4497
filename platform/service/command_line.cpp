#include "platform/service/command_line.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <cstdlib>

#include "base/units.hpp"
#include "platform/service/switches.hpp"

namespace tidegate::platform {
namespace {

constexpr std::array<std::string_view, 7> kRoles{"gateway", "edge",       "worker",   "bank-simulator",
                                                 "broker",  "autoscaler", "unit-host"};
// What can be cut into units: roles whose state is a payment's own, and that read one topic.
constexpr std::array<std::string_view, 1> kScalable{"acquiring"};
// Each of them also is a role of its own: `tidegate-platform ledger` is `worker --roles ledger`.
constexpr std::array<std::string_view, 10> kWorkerRoles{"acquiring",    "ledger",     "fraud",          "vault",
                                                        "notification", "read-model", "reconciliation", "audit",
                                                        "payouts",      "migrator"};
constexpr std::array<std::string_view, 3> kReporters{"acquiring", "fraud", "ledger"};
constexpr std::array<std::string_view, 9> kGroups{"gateway",      "acquiring",  "ledger",         "fraud", "payouts",
                                                  "notification", "read-model", "reconciliation", "audit"};
constexpr int kMostShards = 16;

struct Given {
  std::string role;
  std::string key_expiry, keep_events, target_lag;
  std::vector<std::string> worker_roles, switches;
};

template <typename Names>
Result<void> check_name(const std::string& what, const std::string& name, const Names& names) {
  if (std::find(names.begin(), names.end(), name) != names.end()) return {};
  std::string message = what + " '" + name + "' does not exist";
  const std::string near = nearest_spelling(name, names);
  if (!near.empty()) message += "; did you mean '" + near + "'?";
  message += " Known:";
  for (const auto& known : names) message.append(" ").append(known);
  return usage_error(message);
}

template <typename Names>
std::string joined(const Names& names) {
  std::string text;
  for (const auto& name : names) text.append(text.empty() ? "" : ", ").append(name);
  return text;
}

std::vector<std::string_view> all_roles() {
  std::vector<std::string_view> roles(kRoles.begin(), kRoles.end());
  roles.insert(roles.end(), kWorkerRoles.begin(), kWorkerRoles.end());
  return roles;
}

void declare(CLI::App& app, ServiceOptions& options, ScalingOptions& scaling, Given& given) {
  app.add_option("ROLE", given.role,
                 "gateway, edge, worker, bank-simulator, broker, autoscaler, or what one worker does alone")
      ->required();
  app.add_option("--roles", given.worker_roles, "what a worker does, separated by commas: " + joined(kWorkerRoles))
      ->delimiter(',');
  app.add_option("--data", options.data_directory, "directory of the databases, made when missing");
  app.add_option("--ready-file", options.ready_file, "written once listening, with the addresses in use");
  app.add_option("--peers", options.peers_file, "JSON file with the addresses of the other services");
  app.add_option("--port", options.port, "port of the HTTP listener; 0 lets the system choose");
  app.add_option("--operator-token", options.operator_token, "bearer token of the operator's endpoints")
      ->envname("TIDEGATE_OPERATOR_TOKEN");
  app.add_option("--profile", options.profile, "what it is built like: " + joined(all_profiles()));
  app.add_option("--switch", given.switches,
                 "one departure from the profile, NAME[=true|false|SCALE]; `tidegate-platform switches` lists them");
  app.add_option("--shards", options.shards,
                 "databases that payments and books are split over by merchant, 1 to 16; the same for every role");
  app.add_option("--reports", options.reports, "services whose reports the gateway takes: acquiring, fraud, ledger")
      ->delimiter(',');
  app.add_option("--prune-after", options.prune_after,
                 "the system's consumers; those that read a topic must have applied its events before they are deleted "
                 "from the outbox; none: never")
      ->delimiter(',');
  app.add_option("--keep-events", given.keep_events, "how long an event stays in the outbox at least: 1h, 10m");
  app.add_option("--key-expiry", given.key_expiry, "how long an idempotency key stands for its result: 24h, 72h");
  app.add_flag(
      "--thread-affinity", options.thread_affinity,
      "the gateway's event loop keeps to the first processor that it may use, its stores' writers to the others");
  app.add_option("--workers", options.workers, "processes of this role");
  app.add_option("--least-workers", scaling.least_workers, "processes that an autoscaler keeps at least");
  app.add_option("--most-workers", scaling.most_workers, "processes that an autoscaler starts at most");
  app.add_option("--target-lag", given.target_lag, "what an autoscaler holds the lag of its workers under: 2s");
  app.add_option("--events-per-second", scaling.events_per_second,
                 "what one process of an autoscaler may take in, as a pod's quota bounds it; 0: no limit");
  app.add_option("--worker-index", options.worker_index, "which of them this is, from 0");
}

Result<void> read_pruning(const Given& given, ServiceOptions& options) {
  for (const std::string& group : options.prune_after) {
    if (auto known = check_name("the group of --prune-after", group, kGroups); !known) return known;
  }
  if (given.keep_events.empty()) return {};
  const auto keep = parse_duration(given.keep_events);
  if (!keep) return usage_error("--keep-events: " + keep.error().message);
  if (*keep < std::chrono::seconds(1) || *keep > std::chrono::hours(10)) {
    return usage_error("--keep-events is " + given.keep_events + "; it must be 1s to 10h");
  }
  options.keep_events = *keep;
  return {};
}

Result<void> read_gateway_options(const Given& given, ServiceOptions& options) {
  if (options.shards < 1 || options.shards > kMostShards) {
    return usage_error("--shards is " + std::to_string(options.shards) + "; it must be 1 to 16");
  }
  if (options.thread_affinity && options.role != "gateway") {
    return usage_error("--thread-affinity belongs to the role 'gateway', not to '" + options.role + "'");
  }
  for (const std::string& service : options.reports) {
    if (auto known = check_name("the reporting service", service, kReporters); !known) return known;
  }
  if (given.key_expiry.empty()) return {};
  const auto expiry = parse_duration(given.key_expiry);
  if (!expiry) return usage_error("--key-expiry: " + expiry.error().message);
  if (*expiry < std::chrono::seconds(1)) return usage_error("--key-expiry is below 1s");
  options.key_expiry = *expiry;
  return {};
}

Result<void> read_switches(const Given& given, ServiceOptions& options) {
  for (const std::string& text : given.switches) {
    if (auto added = add_switch(options, text); !added) return added;
  }
  return check_switches(options);
}

Result<void> read_scaling(const Given& given, ScalingOptions& scaling) {
  if (scaling.least_workers < 1 || scaling.most_workers < scaling.least_workers) {
    return usage_error("--least-workers is " + std::to_string(scaling.least_workers) + " and --most-workers " +
                       std::to_string(scaling.most_workers) + "; they must be 1 <= least <= most");
  }
  if (scaling.events_per_second < 0) return usage_error("--events-per-second is below 0");
  if (given.target_lag.empty()) return {};
  const auto target = parse_duration(given.target_lag);
  if (!target) return usage_error("--target-lag: " + target.error().message);
  if (*target < std::chrono::milliseconds(100)) return usage_error("--target-lag is below 100ms");
  scaling.target_lag = *target;
  return {};
}

Result<void> read_roles(const Given& given, ServiceOptions& options) {
  options.role = given.role;
  const bool alone = std::find(kWorkerRoles.begin(), kWorkerRoles.end(), given.role) != kWorkerRoles.end();
  const bool scales = given.role == "autoscaler" || given.role == "unit-host";
  if (!given.worker_roles.empty() && given.role != "worker" && !scales) {
    return usage_error("--roles belongs to the role 'worker', not to '" + given.role + "'");
  }
  if (alone) {
    options.roles = {given.role};
    return {};
  }
  if (auto known = check_name("the role", given.role, all_roles()); !known) return known;
  if (scales && given.worker_roles.size() != 1) {
    return usage_error("an " + given.role + " needs one role to scale, such as --roles acquiring");
  }
  if (given.role != "worker" && !scales) return {};
  if (given.worker_roles.empty()) return usage_error("a worker needs --roles, such as --roles acquiring,ledger");
  for (const std::string& role : given.worker_roles) {
    if (auto known = check_name("the worker role", role, kWorkerRoles); !known) return known;
    if (scales && std::find(kScalable.begin(), kScalable.end(), role) == kScalable.end()) {
      return usage_error("the role '" + role + "' cannot be cut into units; only: " + joined(kScalable));
    }
    if (std::find(options.roles.begin(), options.roles.end(), role) != options.roles.end()) {
      return usage_error("--roles names '" + role + "' twice");
    }
    options.roles.push_back(role);
  }
  return {};
}

Result<void> check(const Given& given, ServiceOptions& options) {
  if (auto read = read_roles(given, options); !read) return read.error();
  if (auto known = check_name("the profile", options.profile, all_profiles()); !known) return known;
  if (auto read = read_switches(given, options); !read) return read;
  if (auto read = read_gateway_options(given, options); !read) return read;
  if (auto read = read_pruning(given, options); !read) return read;
  if (options.workers < 1 || options.workers > 1000) {
    return usage_error("--workers is " + std::to_string(options.workers) + "; it must be 1 to 1000");
  }
  if (options.worker_index < 0 || options.worker_index >= options.workers) {
    return usage_error("--worker-index is " + std::to_string(options.worker_index) + "; with --workers " +
                       std::to_string(options.workers) + " it must be 0 to " + std::to_string(options.workers - 1));
  }
  if (options.data_directory.empty() && options.role != "broker") {
    return usage_error("the role '" + options.role + "' keeps a database: give --data DIRECTORY");
  }
  return {};
}

CommandLine print(std::string text, int exit_code) {
  CommandLine line;
  line.text = std::move(text);
  line.exit_code = exit_code;
  return line;
}

CommandLine mistake(const std::string& message) {
  return print("tidegate-platform: " + message + "\nRun tidegate-platform --help for the options.\n", kUsageExitCode);
}

}  // namespace

CommandLine parse_command_line(int argc, const char* const* argv) {
  if (argc == 2 && std::string_view(argv[1]) == "switches") return print(describe_switches(), 0);
  CommandLine line;
  Given given;
  CLI::App app("Tidegate's reference payment platform: one process per role.", "tidegate-platform");
  app.set_version_flag("--version", std::string("tidegate-platform " TIDEGATE_VERSION));
  declare(app, line.options, line.scaling, given);
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    return print(app.help(), 0);
  } catch (const CLI::CallForVersion& version) {
    return print(std::string(version.what()) + "\n", 0);
  } catch (const CLI::ParseError& error) {
    return mistake(error.what());
  }
  if (auto checked = check(given, line.options); !checked) return mistake(checked.error().message);
  if (auto checked = read_scaling(given, line.scaling); !checked) return mistake(checked.error().message);
  line.run = true;
  return line;
}

}  // namespace tidegate::platform
