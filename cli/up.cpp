// `tidegate up` and `tidegate down`: a stack to look at, without load. `up` stays in the foreground and is the parent
// of the processes; `down`, from another terminal, asks it to end.
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <iostream>
#include <thread>

#include "base/file.hpp"
#include "base/json.hpp"
#include "cli/commands.hpp"
#include "cli/options.hpp"
#include "runner/interrupt.hpp"
#include "stack/supervisor.hpp"

namespace tidegate::cli {
namespace {

struct UpOptions {
  std::string file, profile = "modern";
};

// Where a running `up` leaves its process id, one per topology name.
std::string state_file(const std::string& name) {
  return "runs/.up/" + name + "/up.json";
}

// A process id alone may have been given to somebody else since; the start time tells.
std::string start_time_of(pid_t pid) {
  const auto stat = read_file("/proc/" + std::to_string(pid) + "/stat");
  if (!stat) return {};
  const auto after_name = stat->rfind(')');
  std::size_t at = after_name;
  for (int field = 0; field < 20 && at != std::string::npos; ++field) at = stat->find(' ', at + 1);
  return at == std::string::npos ? std::string() : stat->substr(at + 1, stat->find(' ', at + 1) - at - 1);
}

std::optional<pid_t> running_up(const std::string& name) {
  const auto text = read_file(state_file(name));
  if (!text) return std::nullopt;
  const auto value = parse_json(*text);
  if (!value || !value->is_object()) return std::nullopt;
  const auto pid = integer_member(value->as_object(), "pid");
  const auto started = string_member(value->as_object(), "started");
  if (!pid || !started || *started != start_time_of(static_cast<pid_t>(*pid))) return std::nullopt;
  return static_cast<pid_t>(*pid);
}

int up(const UpOptions& options) {
  Diagnostics diagnostics;
  stack::Topology topology = stack::load_topology(options.file, diagnostics);
  if (!diagnostics.empty()) return fail(diagnostics.to_error());
  if (running_up(topology.name)) {
    return fail(machine_error("the stack '" + topology.name + "' is up already; `tidegate down " + options.file + "`"));
  }
  const std::string name = topology.name;
  const std::string base = topology.base_url, kafka = topology.kafka;
  const std::string directory = "runs/.up/" + name;
  std::filesystem::remove_all(directory);
  if (auto made = make_directories(directory); !made) return fail(made.error());

  const runner::Interrupts interrupts;
  stack::SupervisorOptions supervision;
  supervision.directory = directory + "/stack";
  supervision.log_directory = directory + "/logs";
  supervision.profile = options.profile;
  stack::Supervisor supervisor(std::move(topology), std::move(supervision));
  if (auto started = supervisor.start([] { return runner::Interrupts::signal() != 0; }); !started) {
    return runner::Interrupts::signal() != 0 ? record::exit_code::interrupted : fail(started.error());
  }
  const json::object state{{"pid", getpid()}, {"started", start_time_of(getpid())}};
  if (auto written = write_file_atomically(state_file(name), json::serialize(state)); !written) {
    return fail(written.error());
  }
  if (!base.empty()) std::cout << "HTTP API    http://" << *supervisor.address(base) << "\n";
  if (!kafka.empty()) std::cout << "Kafka       " << *supervisor.address(kafka) << "\n";
  for (const auto& [secret, value] : supervisor.secrets()) std::cout << secret << "  " << value << "\n";
  std::cout << "logs        " << directory << "/logs\nCtrl-C or `tidegate down " << options.file << "` ends it.\n"
            << std::flush;
  while (runner::Interrupts::signal() == 0) {
    if (const auto deaths = supervisor.deaths(); !deaths.empty()) {
      const auto& [process, status] = deaths.front();
      supervisor.stop();
      std::filesystem::remove(state_file(name));
      return fail(machine_error("process '" + process + "' ended unasked: " + status));
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  supervisor.stop();
  std::filesystem::remove(state_file(name));
  return 0;
}

int down(const std::string& file) {
  Diagnostics diagnostics;
  const stack::Topology topology = stack::load_topology(file, diagnostics);
  if (!diagnostics.empty()) return fail(diagnostics.to_error());
  const auto pid = running_up(topology.name);
  if (!pid) {
    std::cout << "the stack '" << topology.name << "' is not up\n";
    return 0;
  }
  const FileDescriptor handle(static_cast<int>(syscall(SYS_pidfd_open, *pid, 0)));
  if (!handle || syscall(SYS_pidfd_send_signal, handle.get(), SIGTERM, nullptr, 0) != 0) {
    return fail(machine_error("cannot signal the process that holds '" + topology.name + "'"));
  }
  for (int i = 0; i < 200 && running_up(topology.name); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(50));
  if (running_up(topology.name)) return fail(timeout_error("the stack did not end within 10 s"));
  std::cout << "the stack '" << topology.name << "' is down\n";
  return 0;
}

}  // namespace

void add_up(CLI::App& app, int& exit_code) {
  auto options = std::make_shared<UpOptions>();
  CLI::App* command = app.add_subcommand("up", "Start a topology and keep it running, to look at");
  command->add_option("TOPOLOGY", options->file, "Topology file")->required();
  command->add_option("--profile", options->profile, "how it is built up, such as modern or legacy");
  command->callback([options, &exit_code] { exit_code = up(*options); });
}

void add_down(CLI::App& app, int& exit_code) {
  auto file = std::make_shared<std::string>();
  CLI::App* command = app.add_subcommand("down", "End a stack that `tidegate up` started");
  command->add_option("TOPOLOGY", *file, "Topology file")->required();
  command->callback([file, &exit_code] { exit_code = down(*file); });
}

}  // namespace tidegate::cli
