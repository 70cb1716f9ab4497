// The rules by which leases end, on simulated time.
#include "chaos/agent_state.hpp"

#include "tests/support/catch.hpp"
#include "tests/unit/chaos/support/proxy_host.hpp"

using namespace tidegate;
using namespace tidegate::chaos;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

LeaseRequest lease(const std::string& id, Nanoseconds duration, bool needs_heartbeat = false) {
  LeaseRequest request;
  request.id = id;
  request.link = "a->b";
  request.kind = "partition";
  request.parameters = test::parse_yaml("{}");
  request.duration = duration;
  request.grace = seconds(2);
  request.needs_heartbeat = needs_heartbeat;
  return request;
}

struct Fixture {
  asio::io_context io;
  SimulatedClock clock{seconds(1000)};
  AgentState state{io.get_executor(), clock};
  Fixture() { REQUIRE(state.open_link({"a->b"}).ok()); }
};

}  // namespace

TEST_CASE("a lease ends by itself after its time and the grace") {
  Fixture f;
  REQUIRE(f.state.inject(lease("cut", seconds(10))).ok());
  f.clock.advance(milliseconds(11999));
  f.state.check();
  CHECK(f.state.report("cut").active);
  f.clock.advance(milliseconds(1));
  f.state.check();
  const auto report = f.state.report("cut");
  CHECK_FALSE(report.active);
  CHECK(report.healed_by == "lease ended");
  CHECK(report.active_s == Approx(12.0));
}

TEST_CASE("a lease without a time stays until it is healed") {
  Fixture f;
  REQUIRE(f.state.inject(lease("cut", Nanoseconds{0})).ok());
  f.clock.advance(std::chrono::hours(24));
  f.state.check();
  CHECK(f.state.report("cut").active);
  CHECK_FALSE(f.state.heal("cut", "asked").active);
  CHECK(f.state.heal("cut", "asked again").healed_by == "asked");  // healing twice changes nothing
}

TEST_CASE("leases that need a heartbeat end without one, the others do not") {
  Fixture f;
  REQUIRE(f.state.inject(lease("needs", seconds(60), true)).ok());
  REQUIRE(f.state.inject(lease("does_not", seconds(60))).ok());
  for (int i = 0; i < 20; ++i) {
    f.clock.advance(milliseconds(1400));
    f.state.heartbeat();
    f.state.check();
  }
  CHECK(f.state.report("needs").active);
  f.clock.advance(milliseconds(1499));
  f.state.check();
  CHECK(f.state.report("needs").active);
  f.clock.advance(milliseconds(1));
  f.state.check();
  CHECK(f.state.report("needs").healed_by == "heartbeat missing");
  CHECK(f.state.report("does_not").active);
  // The harness comes back too late: what ended stays ended, and a new lease has its own 1.5 s.
  f.state.heartbeat();
  f.state.check();
  CHECK_FALSE(f.state.report("needs").active);
  REQUIRE(f.state.inject(lease("needs", seconds(60), true)).ok());
  f.clock.advance(milliseconds(1400));
  f.state.check();
  CHECK(f.state.report("needs").active);
}

TEST_CASE("what cannot be injected is refused") {
  Fixture f;
  auto elsewhere = lease("cut", seconds(1));
  elsewhere.link = "a->c";
  const auto unknown = f.state.inject(elsewhere);
  REQUIRE_FALSE(unknown.ok());
  CHECK(unknown.error().message.find("did you mean 'a->b'") != std::string::npos);
  REQUIRE(f.state.inject(lease("cut", seconds(1))).ok());
  CHECK_FALSE(f.state.inject(lease("cut", seconds(1))).ok());  // on already
  CHECK_FALSE(f.state.open_link({"a->b"}).ok());               // open already
  CHECK_FALSE(f.state.open_link(LinkRequest{}).ok());
  CHECK_FALSE(f.state.set_upstream("a->b", "nowhere").ok());
}

TEST_CASE("stopping heals all and closes the links") {
  Fixture f;
  REQUIRE(f.state.inject(lease("one", seconds(60))).ok());
  REQUIRE(f.state.inject(lease("two", Nanoseconds{0})).ok());
  f.state.stop();
  CHECK(f.state.report("one").healed_by == "agent stopping");
  CHECK(f.state.report("two").healed_by == "agent stopping");
  CHECK(f.state.status().links.empty());
}

TEST_CASE("the agent remembers a bounded number of healed leases, and every active one") {
  Fixture f;
  REQUIRE(f.state.inject(lease("kept", Nanoseconds{0})).ok());
  for (std::size_t i = 0; i < 2 * AgentState::kRemembered; ++i) {
    const std::string id = "f" + std::to_string(i);
    REQUIRE(f.state.inject(lease(id, Nanoseconds{0})).ok());
    f.state.heal(id, "asked");
  }
  CHECK(f.state.status().faults.size() <= AgentState::kRemembered + 2);
  CHECK(f.state.report("kept").active);
}
