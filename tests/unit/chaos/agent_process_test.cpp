// The agent as a process: it heals when the harness is killed, hung, or done, and the harness notices when it is gone.
#include <signal.h>
#include <unistd.h>

#include <cstdlib>

#include "base/process.hpp"
#include "chaos/agent.hpp"
#include "chaos/agent_client.hpp"
#include "chaos/fault.hpp"
#include "record/events.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/chaos/support/foreign_harness.hpp"

using namespace tidegate;
using namespace tidegate::chaos;
using namespace tidegate::chaos::test;

TEST_CASE("kill: a harness killed with -9 leaves no process behind") {
  const char* restart_after = GENERATE("0s",    // killed once restarted
                                       "10m");  // killed before the restart
  TemporaryDirectory directory;
  ProcessOptions options;
  options.command = {kHelper, "killer", directory.path(), restart_after};
  auto started = ChildProcess::start(options);
  REQUIRE(started.ok());
  const auto lines = [&] {
    const auto pids = read_file(directory.path() + "/pids");
    return pids ? std::count(pids->begin(), pids->end(), '\n') : 0;
  };
  const bool restarted = std::string(restart_after) == "0s";
  REQUIRE(eventually([&] { return lines() == (restarted ? 2 : 1); }));
  REQUIRE(eventually([&] {  // the first one is dead, by the fault
    return process_gone(std::atoi(read_file(directory.path() + "/pids")->c_str()));
  }));
  if (!restarted)
    REQUIRE(eventually(
        [&] { return read_file(directory.path() + "/events.ndjson")->find("injected") != std::string::npos; }));
  REQUIRE(started->signal(SIGKILL).ok());
  const std::string pids = *read_file(directory.path() + "/pids");
  const int newest = std::atoi(pids.c_str() + pids.find_last_of('\n', pids.size() - 2) + 1);
  CHECK(eventually([&] { return process_gone(newest); }));
  CHECK(lines() == (restarted ? 2 : 1));  // and nobody starts another
}

TEST_CASE("the harness's heartbeat keeps a lease; stopping heals and ends the agent") {
  TemporaryDirectory directory;
  TestServer server(echo);
  auto client = AgentClient::start(start_in(directory));
  INFO((client ? "" : client.error().message));
  REQUIRE(client.ok());
  AgentClient& agent = **client;
  auto address = agent.open_link({"a->b"});
  REQUIRE(address.ok());
  REQUIRE(agent.set_upstream("a->b", server.address()).ok());
  REQUIRE(agent.inject(hold_everything("slow")).ok());
  TestClient traffic(*address);
  REQUIRE(traffic.send("x"));
  // Longer than the agent waits for a missing heartbeat.
  CHECK(eventually([&] {
    const auto report = agent.report("slow");
    REQUIRE(report.ok());
    REQUIRE(report->active);
    return report->active_s > 2.0 && report->hits == 1;
  }));
  CHECK_FALSE(agent.report("none").ok());
  CHECK_FALSE(agent.lost().has_value());
  const int pid = agent.endpoint().pid;
  agent.stop();
  CHECK(traffic.receive(1) == "x");
  CHECK(process_gone(pid));
  agent.stop();
  CHECK_FALSE(agent.inject(hold_everything("late")).ok());
}

TEST_CASE("the harness is told when the watchdog took over, and its fault is over") {
  TemporaryDirectory directory;
  std::atomic<int> replaced{0}, lost{0};
  AgentStart start = start_in(directory);
  start.on_replaced = [&](const std::string&) { ++replaced; };
  start.on_lost = [&](const std::string&) { ++lost; };
  auto client = AgentClient::start(start);
  REQUIRE(client.ok());
  REQUIRE((*client)->open_link({"a->b"}).ok());
  REQUIRE((*client)->inject(hold_everything("slow")).ok());
  const int pid = (*client)->endpoint().pid;
  REQUIRE(::kill(pid, SIGKILL) == 0);
  REQUIRE(eventually([&] { return replaced == 1; }));
  const auto report = (*client)->report("slow");
  REQUIRE(report.ok());
  CHECK_FALSE(report->active);
  CHECK(report->healed_by == "the agent was killed");
  CHECK((*client)->inject(hold_everything("again")).ok());  // it does what an agent does
  const auto successor = read_agent_file(directory.path() + "/agent.json");
  REQUIRE(successor.ok());
  (*client)->stop();
  CHECK(eventually([&] { return process_gone(successor->pid); }));
  CHECK(lost == 0);
}

TEST_CASE("an agent that dies with its watchdog is noticed, once, and its faults are errors") {
  TemporaryDirectory directory;
  std::atomic<int> told{0};
  AgentStart start = start_in(directory);
  start.on_lost = [&](const std::string&) { ++told; };
  auto client = AgentClient::start(start);
  REQUIRE(client.ok());
  REQUIRE((*client)->open_link({"a->b"}).ok());
  REQUIRE((*client)->inject(hold_everything("slow")).ok());
  const int pid = (*client)->endpoint().pid;
  const auto children = read_file("/proc/" + std::to_string(pid) + "/task/" + std::to_string(pid) + "/children");
  REQUIRE(children.ok());
  REQUIRE(::kill(std::atoi(children->c_str()), SIGKILL) == 0);
  REQUIRE(::kill(pid, SIGKILL) == 0);
  REQUIRE(eventually([&] { return (*client)->lost().has_value(); }));
  const auto report = (*client)->report("slow");
  REQUIRE_FALSE(report.ok());
  CHECK(report.error().message.find("agent.log") != std::string::npos);
  CHECK_FALSE((*client)->heal("slow").ok());
  CHECK(eventually([&] { return told == 1; }));
}

TEST_CASE("an agent on SIGTERM and on SIGINT heals, removes its file, and exits with 0") {
  const int number = GENERATE(SIGTERM, SIGINT);
  TemporaryDirectory directory;
  TestServer server(echo);
  ProcessOptions options;
  options.command = {kHelper, "agent", "--ready-file", directory.path() + "/agent.json"};
  options.environment["TIDEGATE_AGENT_TOKEN"] = "secret";
  options.output_path = directory.path() + "/agent.log";
  auto process = ChildProcess::start(options);
  REQUIRE(process.ok());
  REQUIRE(eventually([&] { return ::access((directory.path() + "/agent.json").c_str(), F_OK) == 0; }));
  const AgentControl control(*read_agent_file(directory.path() + "/agent.json"), kDeadline);
  const auto link = control.open_link({"a->b"});
  REQUIRE(link.ok());
  REQUIRE(control.set_upstream("a->b", server.address()).ok());
  auto lease = hold_everything("slow");
  lease.needs_heartbeat = false;  // made by a person in a terminal
  REQUIRE(control.inject(lease).ok());
  TestClient client(link->address);
  REQUIRE(client.send("x"));
  REQUIRE(eventually([&] { return control.report("slow")->hits == 1; }));
  REQUIRE(process->signal(number).ok());
  CHECK(client.receive(1) == "x");
  const auto status = process->wait(kDeadline);
  REQUIRE(status.has_value());
  CHECK(status->signal == 0);
  CHECK(status->code == 0);
  CHECK(::access((directory.path() + "/agent.json").c_str(), F_OK) != 0);
}

TEST_CASE("an agent that cannot start says why") {
  TemporaryDirectory directory;
  AgentStart start = start_in(directory);
  SECTION("no such program") {
    start.program = "/nonexistent/tidegate";
    const auto client = AgentClient::start(start);
    REQUIRE_FALSE(client.ok());
    CHECK(client.error().message.find("/nonexistent/tidegate") != std::string::npos);
  }
  SECTION("it ends at once") {
    start.arguments = {"agent", "--nonsense", "1"};
    const auto client = AgentClient::start(start);
    REQUIRE_FALSE(client.ok());
    CHECK(client.error().message.find("agent.log") != std::string::npos);
  }
}

TEST_CASE("options of the agent") {
  ::unsetenv("TIDEGATE_AGENT_TOKEN");
  const auto good =
      parse_agent_options({"--listen", "127.0.0.1:4000", "--token", "t", "--watch-fd", "5", "--ready-file", "/tmp/x"});
  REQUIRE(good.ok());
  CHECK(good->listen == "127.0.0.1:4000");
  CHECK(good->watch_fd == 5);
  CHECK(good->ready_file == "/tmp/x");
  const auto bad = GENERATE(values<std::vector<std::string>>({
      {},                                    // no token
      {"--token"},                           // no value
      {"--token", ""},                       // an empty token would let everybody in
      {"--token", "t", "--watch-fd", "x"},   // no number
      {"--token", "t", "--watch-fd", "-1"},  // no descriptor
      {"--token", "t", "--watch-fd", "1"},   // standard output is no pipe from the harness
      {"--token", "t", "--lisen", "x"},      // a misspelt name
      {"--token", "t", "--limit", "few"},    // no number
  }));
  CHECK_FALSE(parse_agent_options(bad).ok());
}

TEST_CASE("an agent without a token, or with a bad address, does not start") {
  CHECK(run_agent({}) == 104);
  ProcessOptions options;
  options.command = {kHelper, "agent", "--token", "t", "--listen", "nowhere:1"};
  options.output_path = "/dev/null";
  auto process = ChildProcess::start(options);
  REQUIRE(process.ok());
  const auto status = process->wait(kDeadline);
  REQUIRE(status.has_value());
  CHECK(status->code == 104);
}
