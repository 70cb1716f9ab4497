// What is left when the harness or the agent is killed, or hangs, in the middle of each fault: nothing.
#include "tests/unit/chaos/support/foreign_harness.hpp"

using namespace tidegate;
using namespace tidegate::chaos;
using namespace tidegate::chaos::test;

namespace {

/// Every kind that an agent holds, with parameters that would keep it on for good.
struct HeldRow {
  const char* kind;
  const char* parameters;
  bool holds_bytes = false;  ///< those that were sent arrive once it heals
};
const std::vector<HeldRow> kHeldFaults{{"bandwidth", "{per_second: 1B, direction: downstream}", true},
                                       {"blackhole", "{}"},
                                       {"close_after", "{bytes: 1B}"},
                                       {"corrupt", "{share: 100%}"},
                                       {"cpu_hog", "{}"},
                                       {"cpu_limit", "{share: 10%}"},
                                       {"disk_full", "{directory: DISK}"},
                                       {"disk_hog", "{directory: DISK}"},
                                       {"fd_limit", "{limit: 5}"},
                                       {"half_close", "{}"},
                                       {"hot_key", "{}"},
                                       {"http_answer", "{}"},
                                       {"http_delay", "{delay: 30m}"},
                                       {"http_duplicate", "{}"},
                                       {"http_headers", "{set: {A: b}}"},
                                       {"http_lost_reply", "{}"},
                                       {"http_malformed", "{}"},
                                       {"http_truncate", "{}"},
                                       {"latency", "{delay: 30m}", true},
                                       {"memory_hog", "{size: 8MiB}"},
                                       {"partition", "{direction: downstream}", true},
                                       {"refuse", "{}"},
                                       {"reset", "{}"},
                                       {"slice", "{size: 1B, gap: 30m, direction: downstream}", true},
                                       {"slow_accept", "{delay: 30m}"},
                                       {"slow_close", "{delay: 30m}"},
                                       {"stop", "{}"}};

const std::string kRequest = "GET / HTTP/1.1\r\nHost: b\r\n\r\n";

/// What the process in DIR/pid is like while nothing is wrong with it.
bool untouched(int pid) {
  const auto stat = read_file("/proc/" + std::to_string(pid) + "/stat");
  const auto limits = read_file("/proc/" + std::to_string(pid) + "/limits");
  if (!stat || !limits) return false;
  const bool stopped = stat->substr(stat->rfind(')') + 2, 1) == "T";
  const auto files = limits->find("Max open files");
  return !stopped && limits->substr(files + 15, 20).find(" 5 ") == std::string::npos;
}

}  // namespace

TEST_CASE("each fault that an agent holds heals when the harness is killed with -9") {
  std::size_t held_kinds = 0;
  for (const FaultKind& kind : fault_kinds()) held_kinds += kind.held_by_agent() ? 1 : 0;
  REQUIRE(kHeldFaults.size() == held_kinds);  // a new kind needs its row
  const HeldRow row = GENERATE(from_range(kHeldFaults));
  INFO(row.kind);
  TestServer server(echo);
  ForeignHarness harness(server.address(), row.kind, row.parameters);
  if (harness.machine_refuses()) {
    WARN("this machine lets the test mount nothing: " << row.kind << " was not tried");
    return;
  }
  const bool on_link = find_fault_kind(row.kind)->on_links();
  std::optional<TestClient> client;
  if (on_link) {
    client.emplace(harness.link());
    if (client->connected()) client->send(kRequest);
    if (std::string(row.kind) == "slow_close") client->end_sending();
  }
  REQUIRE(harness.hit_at_least(1));
  const Nanoseconds killed = monotonic_now();
  harness.signal(SIGKILL);
  if (row.holds_bytes) {
    const std::string got = client->receive(kRequest.size());
    CHECK(got.size() == kRequest.size());  // what was held is let go
  }
  CHECK(eventually([&] { return ::access(harness.agent_file().c_str(), F_OK) != 0; }));  // and the agent ends
  CHECK(monotonic_now() - killed < kDeadline);
  CHECK(harness.agent_log().find("\"fault healed\"") != std::string::npos);
  CHECK(harness.agent_log().find("the harness is gone") != std::string::npos);
  if (on_link) {
    CHECK(eventually([&] { return !TestClient(harness.link()).connected(); }));
  } else {
    CHECK(eventually([&] { return untouched(harness.child()); }));
    if (std::string(row.kind) == "disk_full") CHECK(eventually([&] { return harness.free_on_disk() > 0; }));
  }
}

TEST_CASE("a fault heals when the harness hangs, and the link lives on") {
  const auto [kind, parameters] = GENERATE(table<const char*, const char*>(
      {{"latency", "{delay: 30m}"}, {"partition", "{direction: downstream}"}, {"slice", "{size: 1B, gap: 30m}"}}));
  INFO(kind);
  TestServer server(echo);
  ForeignHarness harness(server.address(), kind, parameters);
  TestClient client(harness.link());
  REQUIRE(client.send("xx"));
  REQUIRE(harness.hit_at_least(1));
  harness.signal(SIGSTOP);
  CHECK(client.receive(2) == "xx");
  const auto report = harness.agent().report("fault");
  REQUIRE(report.ok());
  CHECK(report->healed_by == "heartbeat missing");
  CHECK(client.send("y"));
  CHECK(client.receive(1) == "y");
}

TEST_CASE("a process that was stopped goes on when the harness hangs") {
  TestServer server(echo);
  ForeignHarness harness(server.address(), "stop", "{}");
  REQUIRE(harness.hit_at_least(1));
  REQUIRE_FALSE(untouched(harness.child()));
  harness.signal(SIGSTOP);
  CHECK(eventually([&] { return untouched(harness.child()); }));
}

TEST_CASE("an agent killed with -9 is followed by its watchdog: nothing stays injected, links live on") {
  const auto [kind, parameters] = GENERATE(table<const char*, const char*>({{"partition", "{direction: downstream}"},
                                                                            {"stop", "{}"},
                                                                            {"fd_limit", "{limit: 5}"},
                                                                            {"cpu_limit", "{share: 5%}"}}));
  INFO(kind);
  TestServer server(echo);
  ForeignHarness harness(server.address(), kind, parameters);
  const bool on_link = find_fault_kind(kind)->on_links();
  if (on_link) {
    TestClient client(harness.link());
    REQUIRE(client.send("x"));
    REQUIRE(harness.hit_at_least(1));
  } else {
    REQUIRE(harness.hit_at_least(1));
  }
  const int first = harness.agent().endpoint().pid;
  for (int round = 0; round < 2; ++round) {  // and the one after it by its own
    const auto before = read_agent_file(harness.agent_file());
    REQUIRE(before.ok());
    REQUIRE(::kill(before->pid, SIGKILL) == 0);
    REQUIRE(eventually([&] {
      const auto now = read_agent_file(harness.agent_file());
      return now && now->pid != before->pid && harness.agent().status();
    }));
    const auto status = harness.agent().status();
    REQUIRE(status.ok());
    REQUIRE(status->pid != first);
    REQUIRE(status->faults.size() == 1);
    CHECK_FALSE(status->faults[0].active);
    CHECK(status->faults[0].healed_by == "the agent was killed");
    TestClient client(harness.link());  // the same address
    REQUIRE(client.send("hello"));
    CHECK(client.receive(5) == "hello");
    if (!on_link) CHECK(eventually([&] { return untouched(harness.child()); }));
  }
  harness.signal(SIGKILL);  // and the last of them ends with the harness
  CHECK(eventually([&] { return ::access(harness.agent_file().c_str(), F_OK) != 0; }));
}
