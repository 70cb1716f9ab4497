// Faults through an operator's API, against a scripted one.
#include "chaos/faults/setting.hpp"

#include "chaos/fault.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/chaos/support/proxy_host.hpp"

using namespace tidegate;
using namespace tidegate::chaos;
using test::parse_yaml;

namespace {

struct ScriptedOperator final : OperatorControl {
  json::object state{{"latency_ms", 20}, {"error_share", 0}, {"up", true}, {"rtt_ms", 0}};
  std::vector<std::string> calls;
  double count = 100;
  int failing = 0;  // so many calls fail

  Result<json::value> call(const std::string& process, const std::string& endpoint, const std::string& method,
                           const std::string& path, const std::string& body) override {
    calls.push_back(method + " " + process + "." + endpoint + path);
    if (failing > 0) {
      --failing;
      return timeout_error("no answer");
    }
    if (method == "PUT") {
      const auto changes = parse_json(body);
      for (const auto& [key, value] : changes->as_object()) state[key] = value;
    }
    return json::value(state);
  }
  Result<double> counter(const std::string&, const std::string&, const std::string& name) override {
    if (name == "none") return usage_error("no metric");
    return count;
  }
};

std::unique_ptr<RunningFault> make(const std::string& kind, const std::string& parameters, ScriptedOperator& control) {
  return find_fault_kind(kind)->make_operator_fault(parse_yaml(parameters), "bank", control);
}

}  // namespace

TEST_CASE("setting: changes what it names, counts what it hit, and puts it back") {
  ScriptedOperator control;
  auto fault = make("setting", "{path: /admin/behaviour, set: {latency_ms: 400}, hit: charges_total}", control);
  REQUIRE(fault->inject().ok());
  CHECK(control.state.at("latency_ms") == json::value(400));
  CHECK(control.calls == std::vector<std::string>{"GET bank.http/admin/behaviour", "PUT bank.http/admin/behaviour"});
  control.count = 130;
  CHECK(*fault->poll() == false);
  CHECK(fault->hits() == 30);
  control.count = 142;
  REQUIRE(fault->heal().ok());
  CHECK(fault->hits() == 42);
  CHECK(control.state.at("latency_ms") == json::value(20));
  CHECK(control.state.at("error_share") == json::value(0));
}

TEST_CASE("setting: what cannot be is refused, and nothing is left changed") {
  ScriptedOperator control;
  const auto before = control.state;
  const auto parameters = GENERATE("{path: /a, set: {latency_msec: 1}}",             // no such member
                                   "{path: /a, set: {latency_ms: 20}}",              // so already
                                   "{path: /a, set: {latency_ms: 21}, hit: none}");  // no such counter
  auto fault = make("setting", parameters, control);
  const auto injected = fault->inject();
  REQUIRE_FALSE(injected.ok());
  CHECK(fault->hits() == 0);
  CHECK(control.state == before);
}

TEST_CASE("setting: an injection without an answer is taken back, a heal without one is tried again") {
  ScriptedOperator control;
  auto fault = make("setting", "{path: /a, set: {latency_ms: 400}}", control);
  REQUIRE(fault->inject().ok());
  CHECK(fault->hits() == 1);
  control.failing = 1;
  REQUIRE(fault->heal().ok());
  CHECK(control.state.at("latency_ms") == json::value(20));
  auto other = make("setting", "{path: /a, set: {latency_ms: 400}}", control);
  control.failing = 1;
  CHECK_FALSE(other->inject().ok());
}

TEST_CASE("broker faults are settings of the broker's control port") {
  ScriptedOperator control;
  auto down = make("broker_down", "{broker: 2}", control);
  REQUIRE(down->inject().ok());
  CHECK(control.calls.front() == "GET bank.http/admin/brokers/2");
  CHECK(control.state.at("up") == json::value(false));
  control.count += 7;
  REQUIRE(down->heal().ok());
  CHECK(down->hits() == 7);
  CHECK(control.state.at("up") == json::value(true));
  auto slow = make("broker_rtt", "{broker: 1, rtt: 250ms}", control);
  REQUIRE(slow->inject().ok());
  CHECK(control.state.at("rtt_ms") == json::value(250));
}
