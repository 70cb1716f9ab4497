// Faults of deploys, and the knobs that have kinds of their own.
#include "base/process.hpp"
#include "chaos/fault.hpp"
#include "chaos/http/http_filter.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/chaos/support/proxy_host.hpp"
#include "tests/unit/chaos/support/scripted_processes.hpp"
#include "tests/unit/chaos/support/sockets.hpp"

using namespace tidegate;
using namespace tidegate::chaos;
using namespace tidegate::chaos::test;

namespace {

/// An operator's API that replaces its settings whole, as an edge's does.
struct Edge final : OperatorControl {
  json::object settings{{"stable", "gateway"}, {"hold", "5s"}};
  json::object answer{{"evicted", json::object{{"payments", 30}, {"answers", 12}}}};
  std::vector<std::string> calls;
  double count = 5;
  bool away = false;

  Result<json::value> call(const std::string& process, const std::string& endpoint, const std::string& method,
                           const std::string& path, const std::string& body) override {
    calls.push_back(method + " " + process + "." + endpoint + path);
    if (away) return timeout_error("no answer");
    if (method == "POST") return json::value(answer);
    if (method == "PUT") settings = parse_json(body)->as_object();
    return json::value(json::object{{"settings", settings}, {"probes", json::object{}}});
  }
  Result<double> counter(const std::string&, const std::string&, const std::string&) override { return count; }
};

std::unique_ptr<RunningFault> make(const std::string& kind, const std::string& parameters, OperatorControl& control) {
  return find_fault_kind(kind)->make_operator_fault(parse_yaml(parameters), "edge", control);
}

/// Remembers switches too.
struct Deployed final : ProcessControl {
  std::vector<std::string> calls;
  bool refuses = false, never_ready = false;
  std::optional<Nanoseconds> ready;

  Result<void> kill(const std::string& process, int number) override {
    calls.push_back("kill " + process + " " + std::to_string(number));
    ready.reset();
    return {};
  }
  Result<void> restart(const std::string& process) override { return restart_with(process, {}); }
  Result<void> restart_with(const std::string& process, const std::map<std::string, std::string>& switches) override {
    std::string text = "start " + process;
    for (const auto& [name, value] : switches) text += " " + name + "=" + value;
    calls.push_back(text);
    if (refuses && !switches.empty()) return usage_error("the command has no ${switches}");
    if (!never_ready) ready = monotonic_now();
    return {};
  }
  Result<Identity> identity(const std::string&) const override { return Identity{}; }
  std::optional<Nanoseconds> ready_since(const std::string&) const override { return ready; }
};

}  // namespace

TEST_CASE("canary: a share goes to the candidate, the other settings stay, and all is as it was at the heal") {
  Edge edge;
  const json::object before = edge.settings;
  auto fault = make("canary", "{upstream: gateway-next, share: 25}", edge);
  REQUIRE(fault->inject().ok());
  CHECK(edge.settings.at("canary") == json::value(json::object{{"upstream", "gateway-next"}, {"share", 25}}));
  CHECK(edge.settings.at("hold") == json::value("5s"));
  edge.count = 45;
  REQUIRE(fault->heal().ok());
  CHECK(fault->hits() == 40);
  CHECK(edge.settings == before);
}

TEST_CASE("callback_flood is a setting of the provider") {
  struct Bank final : OperatorControl {
    json::object behaviour{{"callback_share", 0}, {"callback_copies", 1}, {"latency_ms", 20}};
    Result<json::value> call(const std::string&, const std::string&, const std::string& method, const std::string&,
                             const std::string& body) override {
      if (method == "PUT") {
        const auto changes = parse_json(body);
        for (const auto& [key, value] : changes->as_object()) behaviour[key] = value;
      }
      return json::value(behaviour);
    }
    Result<double> counter(const std::string&, const std::string&, const std::string&) override { return 7; }
  } bank;
  const json::object before = bank.behaviour;
  auto fault = make("callback_flood", "{copies: 50, share: 20%}", bank);
  REQUIRE(fault->inject().ok());
  CHECK(bank.behaviour.at("callback_copies") == json::value(50));
  CHECK(bank.behaviour.at("callback_share") == json::value(0.2));
  CHECK(bank.behaviour.at("latency_ms") == json::value(20));
  REQUIRE(fault->heal().ok());
  CHECK(bank.behaviour == before);
}

TEST_CASE("cache_evict: again and again until the heal; what was evicted is what it hit") {
  Edge gateway;
  auto fault = make("cache_evict", "{share: 50%, every: 50ms}", gateway);
  REQUIRE(fault->inject().ok());
  CHECK(gateway.calls == std::vector<std::string>{"POST edge.http/admin/cache/evict?share=50%25"});
  CHECK(fault->hits() == 42);
  CHECK(eventually([&] { return fault->poll().ok() && fault->hits() >= 126; }));
  REQUIRE(fault->heal().ok());
  gateway.away = true;
  auto lost = make("cache_evict", "{share: 50%}", gateway);
  CHECK_FALSE(lost->inject().ok());
}

TEST_CASE("cache_evict: goes on when a process misses an eviction, not when it is gone") {
  Edge gateway;
  auto fault = make("cache_evict", "{share: 50%, every: 50ms}", gateway);
  REQUIRE(fault->inject().ok());
  const auto asked = [&] { return gateway.calls.size(); };
  gateway.away = true;
  CHECK(eventually([&] { return !fault->poll().ok() || asked() == 6; }));
  CHECK(asked() == 6);  // five missed, and it goes on
  gateway.away = false;
  CHECK(eventually([&] { return fault->poll().ok() && fault->hits() == 84; }));
  gateway.away = true;
  CHECK(eventually([&] { return !fault->poll().ok(); }));
  CHECK(asked() == 17);  // the ten after the one that was answered
}

TEST_CASE("deploy: with other switches, and as it was at the heal") {
  Deployed processes;
  auto fault = find_fault_kind("deploy")->make_process_fault(parse_yaml("{switches: {dual_write_drop_20: 'true'}}"),
                                                             "migrator", processes);
  REQUIRE(fault->inject().ok());
  CHECK(fault->hits() == 0);
  REQUIRE(fault->poll().ok());
  CHECK(fault->hits() == 1);
  REQUIRE(fault->heal().ok());
  CHECK(processes.calls == std::vector<std::string>{"kill migrator 15", "start migrator dual_write_drop_20=true",
                                                    "kill migrator 15", "start migrator"});
}

TEST_CASE("deploy: a process without switches runs on as it was, one that is never ready is told") {
  Deployed refusing;
  refusing.refuses = true;
  auto refused = find_fault_kind("deploy")->make_process_fault(parse_yaml("{switches: {a: b}}"), "bank", refusing);
  CHECK_FALSE(refused->inject().ok());
  CHECK(refusing.calls.back() == "start bank");
  Deployed slow;
  slow.never_ready = true;
  auto fault =
      find_fault_kind("deploy")->make_process_fault(parse_yaml("{switches: {a: b}, ready_within: 1ms}"), "bank", slow);
  REQUIRE(fault->inject().ok());
  CHECK(eventually([&] { return !fault->poll().ok(); }));
  CHECK(fault->hits() == 0);
}

namespace {

struct Known final : ProcessControl {
  int pid = 0;
  Result<void> kill(const std::string&, int) override { return {}; }
  Result<void> restart(const std::string&) override { return {}; }
  Result<Identity> identity(const std::string&) const override { return Identity{pid, 0}; }
  std::optional<Nanoseconds> ready_since(const std::string&) const override { return std::nullopt; }
};

}  // namespace

TEST_CASE("kill_workers: the workers die, and it heals once there are as many as before") {
  ProcessOptions options;
  // A process with a worker that it replaces. What outlives the test ends soon by itself.
  options.command = {"sh", "-c", "while :; do sleep 30 & wait $!; done"};
  options.output_path = "/dev/null";
  auto shepherd = ChildProcess::start(options);
  REQUIRE(shepherd.ok());
  Known processes;
  processes.pid = shepherd->pid();
  const auto inject = [&](const char* parameters) {
    auto fault = find_fault_kind("kill_workers")->make_process_fault(parse_yaml(parameters), "acquiring", processes);
    const bool injected = eventually([&] { return fault->inject().ok(); });  // once it has workers
    REQUIRE(injected);
    return fault;
  };
  const auto fault = inject("{count: 1}");
  CHECK(fault->hits() == 1);
  CHECK(eventually([&] {
    const auto whole = fault->poll();
    return whole.ok() && *whole;
  }));

  ProcessOptions alone;
  alone.command = {"sleep", "600"};
  auto childless = ChildProcess::start(alone);
  REQUIRE(childless.ok());
  processes.pid = childless->pid();
  auto none = find_fault_kind("kill_workers")->make_process_fault(parse_yaml("{}"), "acquiring", processes);
  CHECK_FALSE(none->inject().ok());
  CHECK(none->hits() == 0);
}

TEST_CASE("kill_workers: a process that starts no others has failed to recover") {
  ProcessOptions options;
  options.command = {"sh", "-c", "sleep 30 & wait; exec sleep 600"};
  options.output_path = "/dev/null";
  auto parent = ChildProcess::start(options);
  REQUIRE(parent.ok());
  Known processes;
  processes.pid = parent->pid();
  auto fault =
      find_fault_kind("kill_workers")->make_process_fault(parse_yaml("{whole_within: 50ms}"), "acquiring", processes);
  REQUIRE(eventually([&] { return fault->inject().ok(); }));
  CHECK(eventually([&] { return !fault->poll().ok(); }));
}

namespace {

struct Wire final : FilterOutput {
  std::string up, down;
  void pass(Direction direction, std::string_view bytes, const MessageHolds&) override {
    (direction == Direction::upstream ? up : down) += bytes;
  }
  void end(Ending::How) override {}
};

std::string post(const std::string& body) {
  return "POST /p HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}
const std::string kOk = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n";

}  // namespace

TEST_CASE("hot_key: the first request that is picked comes behind the others; clients see their own responses") {
  const std::size_t piece = GENERATE(std::size_t{1}, std::size_t{7}, std::size_t{100'000});
  HttpProtocol protocol;
  Diagnostics diagnostics;
  const FaultIdentity identity{1, "f", "a->b"};
  auto fault = std::make_shared<ActiveFault>(
      ActiveFault{nullptr, Picker(parse_match(parse_yaml("{method: POST}"), diagnostics), identity), {}});
  fault->message = find_fault_kind("hot_key")->make_http_fault(parse_yaml("{copies: 2}"), identity);
  protocol.add_fault(fault);
  const auto first = protocol.filter(0), second = protocol.filter(1);
  Wire wire, other;
  const auto feed = [&](ProtocolFilter& filter, Wire& to, Direction direction, const std::string& bytes) {
    for (std::size_t at = 0; at < bytes.size(); at += piece) {
      const std::string part = bytes.substr(at, piece);
      filter.take(direction, part, {}, to);
    }
  };
  const std::string get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
  feed(*first, wire, Direction::upstream, get + post("hot") + post("cold"));
  CHECK(wire.up == get + post("hot") + post("hot") + post("hot") + post("cold") + post("hot") + post("hot"));
  feed(*second, other, Direction::upstream, post("far"));
  CHECK(other.up == post("far") + post("hot") + post("hot"));
  for (const char* body : {"g1", "h1", "xx", "xx", "c1", "xx", "xx"}) {
    feed(*first, wire, Direction::downstream, kOk + body);
  }
  CHECK(wire.down == kOk + "g1" + kOk + "h1" + kOk + "c1");
  CHECK(fault->hits == 3);
  protocol.remove_fault(fault.get());
  wire.up.clear();
  feed(*first, wire, Direction::upstream, post("alone"));
  CHECK(wire.up == post("alone"));
}
