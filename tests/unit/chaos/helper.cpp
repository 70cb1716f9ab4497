// What the tests that kill processes start:
//   chaos_test_helper agent OPTIONS...                      the agent
//   chaos_test_helper harness DIR UPSTREAM KIND PARAMETERS  a harness with an agent and one fault on link a->b; writes
//                                                           the link's address to DIR/link and waits to be killed
//   chaos_test_helper killer DIR RESTART_AFTER              a harness that plays a kill fault on a child of its own;
//                                                           writes the child's pids to DIR/pids and waits to be killed
#include <unistd.h>

#include <cstdio>
#include <string>
#include <vector>

#include "base/file.hpp"
#include "base/process.hpp"
#include "chaos/agent.hpp"
#include "chaos/agent_client.hpp"
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

int run_harness(const std::vector<std::string>& arguments) {
  const std::string& directory = arguments.at(0);
  chaos::AgentStart start{"/proc/self/exe", {"agent"}, directory + "/agent.json", directory + "/agent.log", {}, {}};
  start.ready_within = std::chrono::seconds(10);
  auto client = chaos::AgentClient::start(start);
  if (!client) return failed(client.error().message);
  auto address = (*client)->open_link("a->b");
  if (!address) return failed(address.error().message);
  if (auto set = (*client)->set_upstream("a->b", arguments.at(1)); !set) return failed(set.error().message);
  Diagnostics diagnostics;
  chaos::LeaseRequest lease;
  lease.id = "fault";
  lease.link = "a->b";
  lease.kind = arguments.at(2);
  lease.parameters = yaml::parse(arguments.at(3), "arguments", diagnostics);
  lease.duration = std::chrono::minutes(10);
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
  if (mode == "killer") return run_killer(arguments);
  auto options = chaos::parse_agent_options(arguments);
  if (!options) return failed(options.error().message);
  return chaos::run_agent(*options);
}
