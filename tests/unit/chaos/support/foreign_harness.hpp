#pragma once
// A harness of its own process, for the tests that kill it or its agent.

#include <signal.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cstdlib>

#include "base/process.hpp"
#include "chaos/agent_client.hpp"
#include "chaos/fault.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/chaos/support/proxy_host.hpp"
#include "tests/unit/chaos/support/test_server.hpp"

namespace tidegate::chaos::test {

inline const std::string kHelper = std::string(TIDEGATE_BINARY_DIR) + "/bin/tests/chaos_test_helper";

/// A harness of its own process, with an agent and one fault that would last ten minutes.
class ForeignHarness {
 public:
  ForeignHarness(const std::string& upstream, const std::string& kind, const std::string& parameters) {
    ProcessOptions options;
    options.command = {kHelper, "harness", directory_.path(), upstream, kind, parameters};
    options.output_path = directory_.path() + "/harness.log";
    auto started = ChildProcess::start(options);
    REQUIRE(started.ok());
    process_ = *std::move(started);
    const bool ready = eventually([&] { return machine_refuses() || read_file(directory_.path() + "/link").ok(); });
    INFO(read_file(options.output_path).value());
    REQUIRE(ready);
    if (machine_refuses()) return;
    link_ = *read_file(directory_.path() + "/link");
    auto endpoint = read_agent_file(agent_file());
    REQUIRE(endpoint.ok());
    agent_.emplace(*endpoint, kDeadline);
  }
  ~ForeignHarness() {
    process_.stop(Nanoseconds{0});
    // The agent sees the pipe's end; its file goes when it ends.
    if (agent_) eventually([&] { return ::access(agent_file().c_str(), F_OK) != 0; });
    if (const auto pid = read_file(directory_.path() + "/pid")) ::kill(std::atoi(pid->c_str()), SIGKILL);
  }

  const std::string& link() const { return link_; }
  std::string agent_file() const { return directory_.path() + "/agent.json"; }
  const AgentControl& agent() const { return *agent_; }
  void signal(int number) { REQUIRE(process_.signal(number).ok()); }
  bool hit_at_least(std::uint64_t hits) {
    return eventually([&] {
      const auto report = agent_->report("fault");
      return report && report->hits >= hits;
    });
  }
  std::string agent_log() const { return *read_file(directory_.path() + "/agent.log"); }
  /// It could not make the small file system that its fault is about.
  bool machine_refuses() const { return ::access((directory_.path() + "/refused").c_str(), F_OK) == 0; }
  /// Of that file system, as its child sees it, which outlives it.
  std::uint64_t free_on_disk() const {
    struct statvfs now {};
    const std::string path = "/proc/" + std::to_string(child()) + "/root" + directory_.path() + "/disk";
    return ::statvfs(path.c_str(), &now) == 0 ? now.f_bavail : 0;
  }
  int child() const { return std::atoi(read_file(directory_.path() + "/pid")->c_str()); }

 private:
  TemporaryDirectory directory_;
  ChildProcess process_;
  std::string link_;
  std::optional<AgentControl> agent_;
};

inline AgentStart start_in(const TemporaryDirectory& directory) {
  AgentStart start;
  start.program = kHelper;
  start.arguments = {"agent"};
  start.ready_file = directory.path() + "/agent.json";
  start.log_path = directory.path() + "/agent.log";
  return start;
}

inline LeaseRequest hold_everything(const std::string& id) {
  LeaseRequest lease;
  lease.id = id;
  lease.link = "a->b";
  lease.kind = "latency";
  lease.parameters = parse_yaml("{delay: 30m}");
  lease.duration = std::chrono::minutes(10);
  return lease;
}

}  // namespace tidegate::chaos::test
