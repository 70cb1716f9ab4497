// What the tests that kill processes start:
//   chaos_test_helper agent OPTIONS...                      the agent
//   chaos_test_helper harness DIR UPSTREAM KIND PARAMETERS  a harness with an agent and one fault on link a->b; writes
//                                                           the link's address to DIR/link and waits to be killed;
//                                                           a fault on a process is on a child that outlives it,
//                                                           whose pid is in DIR/pid
//                                                           DISK in PARAMETERS is a small file system of its own
//   chaos_test_helper table                                 the table of docs/faults.md
//   chaos_test_helper killer DIR RESTART_AFTER              a harness that plays a kill fault on a child of its own;
//                                                           writes the child's pids to DIR/pids and waits to be killed
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <string>
#include <vector>

#include "base/file.hpp"
#include "base/process.hpp"
#include "chaos/agent.hpp"
#include "chaos/agent_client.hpp"
#include "chaos/fault.hpp"
#include "chaos/process_target.hpp"
#include "chaos/timeline.hpp"

using namespace tidegate;

namespace {

int failed(const std::string& message) {
  std::fprintf(stderr, "%s\n", message.c_str());
  return 1;
}

[[noreturn]] void wait_to_be_killed() {
  for (;;) ::pause();
}

/// A small file system in DIR/disk that only this process and its children see. Whether the machine lets it.
bool make_disk(const std::string& directory) {
  const std::string at = directory + "/disk";
  if (::mkdir(at.c_str(), 0700) != 0) return false;
  if (::unshare(CLONE_NEWNS) != 0 && ::unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) return false;
  if (::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return false;
  return ::mount("none", at.c_str(), "tmpfs", 0, "size=1m") == 0;
}

int run_harness(std::vector<std::string> arguments) {
  const std::string& directory = arguments.at(0);
  if (const auto disk = arguments.at(3).find("DISK"); disk != std::string::npos) {
    if (!make_disk(directory)) return write_file_atomically(directory + "/refused", "x") ? 0 : 1;
    arguments.at(3).replace(disk, 4, directory + "/disk");
  }
  chaos::AgentStart start;
  start.program = "/proc/self/exe";
  start.arguments = {"agent"};
  start.ready_file = directory + "/agent.json";
  start.log_path = directory + "/agent.log";
  auto client = chaos::AgentClient::start(start);
  if (!client) return failed(client.error().message);
  const chaos::FaultKind* kind = chaos::find_fault_kind(arguments.at(2));
  if (kind == nullptr) return failed("no such kind");
  chaos::LinkRequest link;
  link.name = "a->b";
  link.http = kind->make_http_fault && !kind->make_link_fault;
  link.upstream = arguments.at(1);
  auto address = (*client)->open_link(link);
  if (!address) return failed(address.error().message);
  Diagnostics diagnostics;
  chaos::LeaseRequest lease;
  lease.id = "fault";
  lease.kind = kind->name;
  lease.parameters = yaml::parse(arguments.at(3), "arguments", diagnostics);
  lease.duration = std::chrono::minutes(10);
  ChildProcess child;
  if (kind->on_links()) {
    lease.link = "a->b";
  } else {
    ProcessOptions options;
    options.command = {"sleep", "600"};
    options.die_with_parent = false;
    auto started = ChildProcess::start(options);
    if (!started) return failed(started.error().message);
    child = *std::move(started);
    lease.process = "child";
    lease.pid = child.pid();
    lease.started = chaos::process_start_ticks(child.pid());
    if (!write_file_atomically(directory + "/pid", std::to_string(child.pid()))) return 1;
  }
  if (auto injected = (*client)->inject(lease); !injected) return failed(injected.error().message);
  if (auto written = write_file_atomically(directory + "/link", *address); !written) return 1;
  wait_to_be_killed();
}

/// One child, as a supervisor would hold it.
class OneProcess final : public chaos::ProcessControl {
 public:
  explicit OneProcess(std::string directory) : directory_(std::move(directory)) {}
  Result<void> kill(const std::string&, int signal_number) override {
    auto sent = child_.signal(signal_number);
    child_.wait(std::chrono::seconds(5));
    return sent;
  }
  Result<void> restart(const std::string&) override {
    ProcessOptions options;
    options.command = {"sleep", "600"};
    auto child = ChildProcess::start(options);
    if (!child) return child.error();
    child_ = *std::move(child);
    ready_ = monotonic_now();
    pids_ += std::to_string(child_.pid()) + "\n";
    return write_file_atomically(directory_ + "/pids", pids_);
  }
  std::optional<Nanoseconds> ready_since(const std::string&) const override { return ready_; }
  Result<Identity> identity(const std::string&) const override { return machine_error("not asked here"); }

 private:
  std::string directory_, pids_;
  ChildProcess child_;
  std::optional<Nanoseconds> ready_;
};

int run_killer(const std::vector<std::string>& arguments) {
  OneProcess process(arguments.at(0));
  if (auto started = process.restart("child"); !started) return failed(started.error().message);
  chaos::FaultContext context;
  context.processes = {"child"};
  Diagnostics diagnostics;
  const auto node =
      yaml::parse("f: {at: 0s, target: {process: child}, inject: {kill: {restart_after: " + arguments.at(1) + "}}}",
                  "plan", diagnostics);
  auto events = record::EventWriter::create(arguments.at(0) + "/events.ndjson");
  if (!events) return failed(events.error().message);
  chaos::TimelineOptions options;
  options.faults = chaos::parse_faults(node, context, diagnostics);
  if (!diagnostics.empty()) return failed(diagnostics.text());
  options.clock = RunClock::starting_in(Nanoseconds{0});
  options.processes = &process;
  options.events = events->get();
  chaos::Timeline timeline(std::move(options));
  timeline.start();
  wait_to_be_killed();
}

}  // namespace

int main(int count, char** values) {
  std::vector<std::string> arguments(values + 1, values + count);
  if (arguments.empty()) return failed("usage: chaos_test_helper agent|harness|killer ...");
  const std::string mode = arguments.front();
  arguments.erase(arguments.begin());
  if (mode == "harness") return run_harness(arguments);
  if (mode == "table") return std::printf("%s", chaos::fault_table().c_str()) < 0 ? 1 : 0;
  if (mode == "killer") return run_killer(arguments);
  auto options = chaos::parse_agent_options(arguments);
  if (!options) return failed(options.error().message);
  return chaos::run_agent(*options);
}
