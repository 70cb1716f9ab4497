// A gateway whose time of day jumps.

#include "platform/gateway/sweeper.hpp"
#include "platform/service/wall_clock.hpp"
#include "tests/unit/platform_gateway/gateway_support.hpp"

namespace tidegate::platform {
namespace {

using namespace test;  // NOLINT(google-build-using-namespace)

constexpr std::int64_t kHourMs = 3'600'000;

/// The offset is the whole process's: the next test begins without one.
struct OwnClock {
  OwnClock() = default;
  ~OwnClock() { set_wall_offset(Nanoseconds{0}); }
  OwnClock(const OwnClock&) = delete;
  OwnClock& operator=(const OwnClock&) = delete;
};

void jump(const RunningGateway& gateway, std::int64_t hours) {
  const Answer set = gateway.put("/admin/clock", "{\"offset_ms\":" + std::to_string(hours * kHourMs) + "}");
  REQUIRE(set.status == 200);
  std::this_thread::sleep_for(4 * Sweeper::kEvery);  // whatever lapses has been looked at
}

TEST_CASE("clock: it is the operator's alone, whole documents only, and a jump shows") {
  const OwnClock own;
  const ScratchDirectory scratch;
  RunningGateway gateway(scratch.path());
  CHECK(gateway.get("/admin/clock", "").status == 401);
  CHECK(gateway.send("PUT", "/admin/clock", "wrong", R"({"offset_ms":1})").status == 401);
  for (const char* bad : {"", "[]", "{}", R"({"offset_ms":"1"})", R"({"offset_ms":1.5})", R"({"offset_ms":1,"also":2})",
                          R"({"offset":1})", R"({"offset_ms":316224000001})", R"({"offset_ms":-316224000001})"}) {
    INFO(bad);
    CHECK(gateway.put("/admin/clock", bad).status == 400);
  }
  CHECK(gateway.get("/admin/clock", kOperatorToken).text == R"({"offset_ms":0})");
  CHECK(gateway.metric("wall_clock_jump_seconds") < 60);
  CHECK(gateway.put("/admin/clock", R"({"offset_ms":-7200000})").text == R"({"offset_ms":-7200000})");
  CHECK(gateway.metric("wall_clock_jump_seconds") > 7'100);
}

TEST_CASE("clock: however it jumps, a key stands for its payment") {
  const OwnClock own;
  const ScratchDirectory scratch;
  RunningGateway gateway(scratch.path());
  const bool from_memory = GENERATE(true, false);
  INFO("from memory: " << from_memory);
  REQUIRE(
      gateway
          .put("/admin/feature-flags", from_memory ? R"({"idempotency_cache":true})" : R"({"idempotency_cache":false})")
          .status == 200);
  const Tenant tenant = gateway.new_tenant();
  const std::string body = payment_body(100, "EUR", tenant.card_token);
  std::map<std::string, std::string> paid;
  for (const std::int64_t hours : {0, 48, -48, 1, -24 * 400, 24 * 400, 0}) {
    jump(gateway, hours);
    const std::string key = "at-" + std::to_string(paid.size());
    const Answer made = gateway.pay(tenant.api_key, key, body);
    REQUIRE(made.status == 202);
    paid[key] = made.string("id");
    for (const auto& [earlier, id] : paid) {
      INFO(earlier << " after a jump to " << hours << " h");
      CHECK(gateway.pay(tenant.api_key, earlier, body).string("id") == id);
      CHECK(gateway.get("/v1/payments?key=" + earlier, tenant.api_key).string("id") == id);
    }
  }
}

TEST_CASE("clock: an authorization lapses only once both clocks say so") {
  const OwnClock own;
  const ScratchDirectory scratch;
  RunningGateway gateway(scratch.path());
  const Tenant tenant = gateway.new_tenant();
  const auto authorize = [&](const std::string& key, std::int64_t expires_at_ms) {
    FakeAcquiring acquiring(gateway.bus());
    const std::string id = gateway
                               .send("POST", "/v1/payments/authorize-only", tenant.api_key,
                                     payment_body(100, "EUR", tenant.card_token), {{"Idempotency-Key", key}})
                               .string("id");
    acquiring.report(id, "acquirer_authorized", {{"reference", key}, {"expires_at_ms", expires_at_ms}});
    wait_until([&] { return gateway.status_of(tenant, id) != "processing"; });
    return id;
  };
  const std::string good = authorize("for-an-hour", wall_now_ms() + kHourMs);
  jump(gateway, 2);
  CHECK(gateway.status_of(tenant, good) == "authorized");
  jump(gateway, -2);
  CHECK(gateway.operate(tenant, good, "capture", "in-time", "{}").status == 202);
}

}  // namespace
}  // namespace tidegate::platform
