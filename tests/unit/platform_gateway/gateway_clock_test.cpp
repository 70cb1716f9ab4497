// A gateway whose time of day jumps.

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

void set_off(const RunningGateway& gateway, std::int64_t offset_ms) {
  const Answer set = gateway.put("/admin/clock", "{\"offset_ms\":" + std::to_string(offset_ms) + "}");
  REQUIRE(set.status == 200);
}

/// An authorization that lapses then, by the acquirer.
class Authorizations {
 public:
  Authorizations(RunningGateway& gateway, const Tenant& tenant)
      : gateway_(gateway), tenant_(tenant), acquiring_(gateway.bus()) {}
  std::string make(std::int64_t expires_at_ms) {
    const std::string key = "authorization-" + std::to_string(++made_);
    const Answer answer = gateway_.send("POST", "/v1/payments/authorize-only", tenant_.api_key,
                                        payment_body(100, "EUR", tenant_.card_token), {{"Idempotency-Key", key}});
    REQUIRE(answer.status == 202);
    acquiring_.report(answer.string("id"), "acquirer_authorized",
                      {{"reference", key}, {"expires_at_ms", expires_at_ms}});
    wait_until([&] { return status(answer.string("id")) != "processing"; });
    return answer.string("id");
  }
  std::string status(const std::string& id) const { return gateway_.status_of(tenant_, id); }
  /// Until all that lapses by the clock as it is now has lapsed: one that lapsed long ago has, which came last.
  void await_sweep() {
    const std::string last = make(1);
    wait_until([&] { return status(last) == "expired"; });
  }

 private:
  RunningGateway& gateway_;
  const Tenant& tenant_;
  FakeAcquiring acquiring_;
  int made_ = 0;
};

TEST_CASE("clock: what lapses is stamped by the later clock and lapses by the earlier one") {
  const OwnClock own;
  for (const std::int64_t hours : {0, 26, -26}) {
    set_wall_offset(std::chrono::hours(hours));
    const std::int64_t wall_ms = wall_now_ms(), elapsed_ms = elapsed_now_ms();
    INFO(hours << " h");
    CHECK(std::abs(wall_ms - elapsed_ms - hours * kHourMs) < kHourMs);
    CHECK(stamp_now_ms() >= std::max(wall_ms, elapsed_ms));
    CHECK(stamp_now_ms() - lapse_now_ms() >= (std::abs(hours) - 1) * kHourMs);
    CHECK(lapse_now_ms() <= std::min(wall_now_ms(), elapsed_now_ms()));
    CHECK(lapse_now_ms() >= std::min(wall_ms, elapsed_ms));
  }
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
  CHECK(gateway.metric(R"(wall_clock_jump_seconds{direction="ahead"})") < 60);
  CHECK(gateway.metric(R"(wall_clock_jump_seconds{direction="back"})") < 60);
  CHECK(gateway.put("/admin/clock", R"({"offset_ms":-7200000})").text == R"({"offset_ms":-7200000})");
  CHECK(gateway.metric(R"(wall_clock_jump_seconds{direction="ahead"})") == 0);
  CHECK(gateway.metric(R"(wall_clock_jump_seconds{direction="back"})") > 7'100);
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
  Authorizations authorizations(gateway, tenant);
  std::map<std::string, std::string> paid;
  for (const std::int64_t hours : {0, 48, -48, 1, -24 * 400, 24 * 400, 0}) {
    set_off(gateway, hours * kHourMs);
    authorizations.await_sweep();
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
  Authorizations authorizations(gateway, tenant);
  const std::string later = authorizations.make(wall_now_ms() + kHourMs);
  set_off(gateway, 2 * kHourMs);  // by this clock it has
  authorizations.await_sweep();
  CHECK(authorizations.status(later) == "authorized");
  set_off(gateway, -2 * kHourMs);
  CHECK(gateway.operate(tenant, later, "capture", "in-time", "{}").status == 202);

  const std::string over = authorizations.make(elapsed_now_ms() - 1);
  authorizations.await_sweep();
  CHECK(authorizations.status(over) == "authorized");  // not by this clock
  set_off(gateway, 0);
  wait_until([&] { return authorizations.status(over) == "expired"; });
}

}  // namespace
}  // namespace tidegate::platform
