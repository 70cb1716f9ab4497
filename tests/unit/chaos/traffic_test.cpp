// Traffic faults against a server that counts.
#include <mutex>

#include "chaos/fault.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/chaos/support/proxy_host.hpp"
#include "tests/unit/chaos/support/test_server.hpp"

using namespace tidegate;
using namespace tidegate::chaos;
using namespace tidegate::chaos::test;

namespace {

struct OneAddress final : TrafficControl {
  std::string at;
  Result<std::string> address(const std::string&) override {
    if (at.empty()) return usage_error("no such link");
    return at;
  }
};

}  // namespace

TEST_CASE("traffic faults: bad clients come until the heal, and are counted") {
  const auto [kind, parameters, at_least] =
      GENERATE(table<const char*, const char*, int>({{"malformed", "{rate: 200/s}", 10},
                                                     {"slow_loris", "{connections: 7, every: 10ms}", 7},
                                                     {"herd", "{clients: 15, every: 50ms}", 30}}));
  const int connections = at_least;
  INFO(kind);
  std::mutex mutex;
  std::string seen;
  TestServer server([&](TestClient& connection) {
    const std::string got = connection.receive(8, std::chrono::milliseconds(300));
    const std::lock_guard lock(mutex);
    seen += got + "|";
  });
  OneAddress control;
  control.at = server.address();
  auto fault = find_fault_kind(kind)->make_traffic_fault(parse_yaml(parameters), "harness->gateway", control);
  REQUIRE(fault->inject().ok());
  CHECK(eventually([&] { return server.accepted() >= connections; }));
  // A connection is accepted a moment before its client counts it.
  CHECK(eventually([&] { return fault->hits() >= static_cast<std::uint64_t>(connections); }));
  REQUIRE(fault->heal().ok());
  const auto hits = fault->hits();
  wait_a_little();
  CHECK(fault->hits() == hits);
  control.at.clear();
  auto lost = find_fault_kind(kind)->make_traffic_fault(parse_yaml(parameters), "harness->gateway", control);
  CHECK_FALSE(lost->inject().ok());
}
