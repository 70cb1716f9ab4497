// Faults on processes that the agent holds, on a child of this test; and those that the harness carries out.
#include <csignal>
#include <filesystem>

#include "tests/support/catch.hpp"
#include "tests/unit/chaos/support/child.hpp"
#include "tests/unit/chaos/support/proxy_host.hpp"
#include "tests/unit/chaos/support/scripted_processes.hpp"
#include "tests/unit/chaos/support/sockets.hpp"

using namespace tidegate;
using namespace tidegate::chaos;
using namespace tidegate::chaos::test;

namespace {

std::string state_of(int pid) {
  const auto stat = read_file("/proc/" + std::to_string(pid) + "/stat");
  return stat ? stat->substr(stat->rfind(')') + 2, 1) : "gone";
}

/// An agent's state that is checked as the agent does.
struct Host {
  ProxyHost host{""};
  bool until(const std::function<bool()>& condition) {
    return eventually([&] {
      host.on_thread([&] {
        host.state().check();
        return 0;
      });
      return condition();
    });
  }
  Result<FaultReport> inject(const LeaseRequest& lease) {
    return host.on_thread([&] { return host.state().inject(lease); });
  }
};

}  // namespace

TEST_CASE("stop: the process stands still, and goes on at the heal") {
  Host host;
  ChildProcess child = start_child({"sleep", "600"});
  REQUIRE(host.inject(lease_on(child, "stop", "{}")).ok());
  CHECK(host.until([&] { return host.host.hits("f") == 1; }));
  CHECK(state_of(child.pid()) == "T");
  host.host.heal("f");
  CHECK(eventually([&] { return state_of(child.pid()) == "S"; }));
}

TEST_CASE("stop: a process that is killed meanwhile ends the lease") {
  Host host;
  ChildProcess child = start_child({"sleep", "600"});
  REQUIRE(host.inject(lease_on(child, "stop", "{}")).ok());
  REQUIRE(child.signal(SIGKILL).ok());
  child.wait(kDeadline);
  CHECK(host.until([&] {
    return host.host.on_thread([&] { return host.host.state().report("f").healed_by; }) == "its process is gone";
  }));
}

TEST_CASE("cpu_limit: the process gets its share of the time and no more") {
  Host host;
  ChildProcess child = start_child({"sh", "-c", "while :; do :; done"});
  REQUIRE(host.inject(lease_on(child, "cpu_limit", "{share: 5%}")).ok());
  REQUIRE(host.until([&] { return host.host.hits("f") > 5; }));
  const Nanoseconds cpu = child.cpu_time(), wall = monotonic_now();
  const auto hits = host.host.hits("f");
  REQUIRE(host.until([&] { return host.host.hits("f") > hits + 40; }));
  CHECK(to_seconds(child.cpu_time() - cpu) < 0.5 * to_seconds(monotonic_now() - wall));
  host.host.heal("f");
  CHECK(eventually([&] { return state_of(child.pid()) == "R"; }));
}

TEST_CASE("fd_limit: the limit is lower, and what it was at the heal") {
  Host host;
  ChildProcess child = start_child({"sleep", "600"});
  auto target = ProcessTarget::open(child.pid(), 0);
  REQUIRE(target.ok());
  const auto before = target->limit(RLIMIT_NOFILE);
  REQUIRE(before.ok());
  REQUIRE(host.inject(lease_on(child, "fd_limit", "{limit: 7}")).ok());
  CHECK(target->limit(RLIMIT_NOFILE)->rlim_cur == 7);
  CHECK(host.host.hits("f") == 1);
  host.host.heal("f");
  CHECK(target->limit(RLIMIT_NOFILE)->rlim_cur == before->rlim_cur);
  auto higher = lease_on(child, "fd_limit", "{limit: 100000000}");
  CHECK_FALSE(host.inject(higher).ok());  // it would lower nothing
}

TEST_CASE("hogs: they take what they say, and are gone at the heal") {
  const auto [kind, parameters, at_least] = GENERATE(table<const char*, const char*, std::uint64_t>(
      {{"cpu_hog", "{threads: 1}", 1}, {"memory_hog", "{size: 16MiB}", 16}}));
  const std::uint64_t hits = at_least;
  Host host;
  ChildProcess child = start_child({"sleep", "600"});
  REQUIRE(host.inject(lease_on(child, kind, parameters)).ok());
  const auto children_of_ours = [] {
    std::string all;
    for (const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
      if (const auto children = read_file(task.path().string() + "/children")) all += *children;
    }
    return std::count(all.begin(), all.end(), ' ');
  };
  CHECK(host.until([&] { return host.host.hits("f") >= hits; }));
  const auto with = children_of_ours();
  host.host.heal("f");
  CHECK(children_of_ours() == with - 1);
  CHECK(host.host.hits("f") >= hits);
}

TEST_CASE("a lease on a process that is another one, gone, or ours is refused") {
  Host host;
  ChildProcess child = start_child({"sleep", "600"});
  auto lease = lease_on(child, "stop", "{}");
  lease.started += 1;  // the number has another owner by now
  CHECK_FALSE(host.inject(lease).ok());
  lease.started = 0;
  lease.pid = ::getpid();
  CHECK_FALSE(host.inject(lease).ok());
  child.stop(Nanoseconds{0});
  lease.pid = child.pid();
  CHECK_FALSE(host.inject(lease).ok());
}

TEST_CASE("more faults at once than the agent allows are refused") {
  Host host;
  ChildProcess child = start_child({"sleep", "600"});
  host.host.on_thread([&] {
    host.host.state().limit_faults(1);
    return 0;
  });
  REQUIRE(host.inject(lease_on(child, "stop", "{}")).ok());
  auto second = lease_on(child, "fd_limit", "{limit: 5}");
  second.id = "g";
  const auto refused = host.inject(second);
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error().message.find("at once") != std::string::npos);
  host.host.heal("f");
  CHECK(host.inject(second).ok());
}

TEST_CASE("crash_loop and rolling_restart: one after the other, each to its end") {
  const auto [kind, parameters, calls] = GENERATE(table<const char*, const char*, std::vector<std::string>>(
      {{"crash_loop", "{times: 2, every: 0ms}", {"kill a 9", "restart a", "kill a 9", "restart a"}},
       {"rolling_restart", "{also: [b], pause: 0ms}", {"kill a 15", "restart a", "kill b 15", "restart b"}}}));
  ScriptedProcesses processes;
  processes.ready_after_restart = true;
  auto fault = find_fault_kind(kind)->make_process_fault(parse_yaml(parameters), "a", processes);
  REQUIRE(fault->inject().ok());
  CHECK(eventually([&] {
    const auto ended = fault->poll();
    REQUIRE(ended.ok());
    return *ended;
  }));
  CHECK(processes.calls == calls);
  CHECK(fault->hits() == 2);
}

TEST_CASE("crash_loop: healed early, the process runs") {
  ScriptedProcesses processes;
  auto fault = find_fault_kind("crash_loop")->make_process_fault(parse_yaml("{times: 5, every: 1m}"), "a", processes);
  REQUIRE(fault->inject().ok());
  REQUIRE(fault->heal().ok());
  CHECK(processes.calls == std::vector<std::string>{"kill a 9", "restart a"});
}
