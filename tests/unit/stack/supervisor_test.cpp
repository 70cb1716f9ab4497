#include "stack/supervisor.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <mutex>
#include <thread>

#include "base/file.hpp"
#include "base/http/client.hpp"
#include "base/units.hpp"
#include "tests/support/catch.hpp"

using namespace tidegate;
using namespace std::chrono_literals;

namespace {

struct Scratch {
  std::string path = (std::filesystem::temp_directory_path() / ("tidegate-stack-" + random_name())).string();
  ~Scratch() { std::filesystem::remove_all(path); }
  static std::string random_name() {
    static int counter = 0;
    return std::to_string(getpid()) + "-" + std::to_string(++counter);
  }
};

struct Events {
  std::mutex mutex;
  std::vector<std::string> types;
  void add(std::string_view type, const json::object& fields) {
    const std::lock_guard lock(mutex);
    std::string text(type);
    if (const auto* asked = fields.if_contains("asked")) text += asked->as_bool() ? ":asked" : ":unasked";
    types.push_back(text);
  }
  bool has(const std::string& type) {
    const std::lock_guard lock(mutex);
    return std::find(types.begin(), types.end(), type) != types.end();
  }
};

const std::string kProgram = TIDEGATE_BINARY_DIR "/bin/tests/fake_service";

stack::ProcessSpec service(const std::string& name, const std::string& mode = {}) {
  stack::ProcessSpec spec;
  spec.name = name;
  spec.command = {kProgram, "${ready_file}", "${port}"};
  if (!mode.empty()) spec.command.push_back(mode);
  spec.hold_port = "http";
  spec.ready.within = 5s;
  spec.stop_grace = 500ms;
  return spec;
}

stack::SupervisorOptions options_in(const Scratch& scratch, Events& events) {
  stack::SupervisorOptions options;
  options.directory = scratch.path + "/stack";
  options.log_directory = scratch.path + "/logs";
  options.on_event = [&events](std::string_view type, json::object fields) { events.add(type, fields); };
  return options;
}

bool eventually(const std::function<bool()>& condition) {
  const auto deadline = std::chrono::steady_clock::now() + 10s;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(5ms);
  }
  return true;
}

bool answers(const std::string& address) {
  return http::fetch("http://" + address + "/readyz", 500ms).ok();
}

}  // namespace

TEST_CASE("processes start together, find each other, and end") {
  Scratch scratch;
  Events events;
  std::string a;
  {
    stack::Topology topology;
    topology.processes = {service("a"), service("b")};
    stack::Supervisor supervisor(topology, options_in(scratch, events));
    const auto started = supervisor.start();
    INFO(started.error().message);
    REQUIRE(started.ok());
    a = *supervisor.address("a.http");
    CHECK(answers(a));
    const auto peers = read_file(scratch.path + "/stack/b/peers.json");
    REQUIRE(peers.ok());
    CHECK(peers->find(a) != std::string::npos);
    CHECK_FALSE(supervisor.address("c.http").ok());
    CHECK(supervisor.deaths().empty());
  }
  CHECK_FALSE(answers(a));
  CHECK(events.has("process_ready"));
  CHECK(events.has("process_exited:asked"));
}

TEST_CASE("a command may begin with another program and find Tidegate's own beside it") {
  Scratch scratch;
  Events events;
  stack::Topology topology;
  topology.processes = {service("a")};
  topology.processes[0].command = {"env", "${bin}/fake_service", "${ready_file}", "${port}"};
  stack::Supervisor supervisor(topology, options_in(scratch, events));
  const auto started = supervisor.start();
  INFO(started.error().message);
  REQUIRE(started.ok());
  CHECK(answers(*supervisor.address("a.http")));
}

TEST_CASE("a link's proxy address goes to the process at its start, and to nobody else") {
  Scratch scratch;
  Events events;
  stack::Topology topology;
  topology.processes = {service("a"), service("b"), service("c")};
  topology.links = {{"a->b", "a", "b", "http"}};
  auto options = options_in(scratch, events);
  options.link_addresses["a->b"] = "127.0.0.1:1";
  stack::Supervisor supervisor(topology, options);
  REQUIRE(supervisor.start().ok());
  CHECK(read_file(scratch.path + "/stack/a/peers.json")->find("127.0.0.1:1\"") != std::string::npos);
  CHECK(read_file(scratch.path + "/stack/c/peers.json")->find("127.0.0.1:1\"") == std::string::npos);
  CHECK(*supervisor.address("b.http", "a") == "127.0.0.1:1");
  CHECK(*supervisor.address("b.http") != "127.0.0.1:1");
}

TEST_CASE("a killed process comes back on its own port, which is refused meanwhile") {
  Scratch scratch;
  Events events;
  stack::Topology topology;
  topology.processes = {service("a")};
  stack::Supervisor supervisor(topology, options_in(scratch, events));
  REQUIRE(supervisor.start().ok());
  const std::string address = *supervisor.address("a.http");
  REQUIRE(supervisor.kill("a", SIGKILL).ok());
  REQUIRE(eventually([&] { return !supervisor.ready_since("a").has_value(); }));
  const auto refused = http::fetch("http://" + address + "/readyz", 1s);
  CHECK_FALSE(refused.ok());
  CHECK_FALSE(supervisor.kill("a", SIGKILL).ok());
  REQUIRE(supervisor.restart("a").ok());
  REQUIRE(supervisor.wait_ready("a", 10s).ok());
  CHECK(*supervisor.address("a.http") == address);
  CHECK(answers(address));
  CHECK(supervisor.deaths().empty());
}

TEST_CASE("kill and restart may follow each other at once") {
  Scratch scratch;
  Events events;
  stack::Topology topology;
  topology.processes = {service("a")};
  stack::Supervisor supervisor(topology, options_in(scratch, events));
  REQUIRE(supervisor.start().ok());
  for (int i = 0; i < 5; ++i) {
    REQUIRE(supervisor.kill("a", SIGKILL).ok());
    const auto restarted = supervisor.restart("a");
    INFO(restarted.error().message);
    REQUIRE(restarted.ok());
    REQUIRE(supervisor.wait_ready("a", 10s).ok());
  }
}

TEST_CASE("a death that nobody asked for is told") {
  Scratch scratch;
  Events events;
  stack::Topology topology;
  topology.processes = {service("a")};
  stack::Supervisor supervisor(topology, options_in(scratch, events));
  REQUIRE(supervisor.start().ok());
  const auto pid = read_file(scratch.path + "/stack/a/ready.json");
  // Found by what it runs: the supervisor does not hand out process ids.
  std::string victim;
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    const auto command = read_file(entry.path().string() + "/cmdline");
    if (command && command->find(scratch.path) != std::string::npos) victim = entry.path().filename();
  }
  REQUIRE_FALSE(victim.empty());
  REQUIRE(::kill(std::stoi(victim), SIGKILL) == 0);
  CHECK(eventually([&] { return !supervisor.deaths().empty(); }));
  CHECK(events.has("process_exited:unasked"));
}

TEST_CASE("a process that cannot start is named with its log") {
  struct Row {
    const char* mode;
    std::string expected;
  };
  const Row row = GENERATE(values<Row>({
      {"exit-early", "cannot open the database"},  // its last words
      {"never-ready", "was not ready within"},     // the limit
      {"bad-file", "is not a text"},               // what is wrong with the ready file
  }));
  Scratch scratch;
  Events events;
  stack::Topology topology;
  topology.processes = {service("good"), service("bad", row.mode)};
  topology.processes.back().ready.within = 1s;
  stack::Supervisor supervisor(topology, options_in(scratch, events));
  const auto started = supervisor.start();
  REQUIRE_FALSE(started.ok());
  INFO(started.error().message);
  CHECK(started.error().message.find(row.expected) != std::string::npos);
}

TEST_CASE("a program that does not exist is said at once") {
  Scratch scratch;
  Events events;
  stack::Topology topology;
  topology.processes = {service("a")};
  topology.processes.front().command = {"no-such-program-here"};
  stack::Supervisor supervisor(topology, options_in(scratch, events));
  const auto started = supervisor.start();
  REQUIRE_FALSE(started.ok());
  CHECK(started.error().message.find("no-such-program-here") != std::string::npos);
}

TEST_CASE("a process that ignores SIGTERM is killed after its grace") {
  Scratch scratch;
  Events events;
  stack::Topology topology;
  topology.processes = {service("a", "ignore-term")};
  stack::Supervisor supervisor(topology, options_in(scratch, events));
  REQUIRE(supervisor.start().ok());
  const std::string address = *supervisor.address("a.http");
  supervisor.stop();
  CHECK_FALSE(answers(address));
}

TEST_CASE("children die with a supervisor that was killed") {
  Scratch scratch;
  const pid_t parent = fork();
  REQUIRE(parent >= 0);
  if (parent == 0) {
    Events events;
    stack::Topology topology;
    topology.processes = {service("a")};
    stack::Supervisor supervisor(topology, options_in(scratch, events));
    const bool good = supervisor.start().ok();
    [[maybe_unused]] const auto told = write_file_atomically(scratch.path + "/started", good ? "yes" : "no");
    pause();
    _exit(0);
  }
  REQUIRE(eventually([&] { return read_file(scratch.path + "/started").ok(); }));
  const auto ready = read_file(scratch.path + "/stack/a/ready.json");
  REQUIRE(ready.ok());
  const auto from = ready->find("127.");
  const std::string address = ready->substr(from, ready->find('"', from) - from);
  REQUIRE(answers(address));
  ::kill(parent, SIGKILL);
  waitpid(parent, nullptr, 0);
  CHECK(eventually([&] { return !answers(address); }));
}
