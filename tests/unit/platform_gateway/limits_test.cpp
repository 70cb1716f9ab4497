// Rate limits and capacity by a clock that is passed in; authentication by more than one way.

#include "platform/gateway/authenticator.hpp"
#include "platform/gateway/capacity.hpp"
#include "platform/gateway/rate_limits.hpp"
#include "tests/support/catch.hpp"

namespace tidegate::platform {
namespace {

using std::chrono::milliseconds;

RateLimiter limiter_of(std::int64_t per_second, std::int64_t burst) {
  RateLimitSettings settings;
  settings.tiers["t"] = {per_second, burst};
  RateLimiter limiter;
  limiter.change(settings);
  return limiter;
}

TEST_CASE("rate limit: a burst, then the rate, and never more than the burst again") {
  RateLimiter limiter = limiter_of(10, 5);
  Nanoseconds now = std::chrono::seconds(100);
  for (int i = 0; i < 5; ++i) {
    const auto decision = limiter.take(1, "t", now);
    CHECK(decision.allowed);
    CHECK(decision.remaining == 4 - i);
  }
  const auto refused = limiter.take(1, "t", now);
  CHECK_FALSE(refused.allowed);
  CHECK(refused.retry_after == milliseconds(100));
  CHECK_FALSE(limiter.take(1, "t", now + milliseconds(99)).allowed);
  CHECK(limiter.take(1, "t", now + milliseconds(100)).allowed);
  CHECK_FALSE(limiter.take(1, "t", now + milliseconds(100)).allowed);
  now += std::chrono::hours(1);
  int allowed = 0;
  for (int i = 0; i < 100; ++i) allowed += limiter.take(1, "t", now).allowed ? 1 : 0;
  CHECK(allowed == 5);
  CHECK(limiter.take(2, "t", now).allowed);                                   // another merchant has its own
  CHECK(limiter.take(1, "t", now - std::chrono::hours(2)).allowed == false);  // time that runs back gives nothing
}

TEST_CASE("rate limit: over a long time the rate holds exactly") {
  RateLimiter limiter = limiter_of(7, 7);
  int allowed = 0;
  for (int ms = 0; ms < 60'000; ++ms) allowed += limiter.take(1, "t", milliseconds(ms)).allowed ? 1 : 0;
  CHECK(std::abs(allowed - (7 * 60 + 7)) <= 1);
}

TEST_CASE("rate limit: unlimited tiers say nothing, unknown ones are the default") {
  RateLimiter limiter;
  CHECK_FALSE(limiter.take(1, "", Nanoseconds{0}).limited);
  CHECK_FALSE(limiter.take(1, "gone", Nanoseconds{0}).limited);
  http::Response response;
  add_rate_limit_headers(response, limiter.take(1, "", Nanoseconds{0}));
  CHECK(response.headers.empty());
  CHECK(limiter.take(1, "standard", Nanoseconds{0}).limited);
}

TEST_CASE("capacity: each group of tables has its own writes") {
  Capacity capacity;
  CHECK(capacity.take(table_group::payments, Nanoseconds{0}).allowed);
  auto settings = CapacitySettings::from_json(
      parse_json(R"({"payments":{"writes_per_second":2,"added_delay_ms":7},"operations":{"added_delay_ms":3}})")
          ->as_object());
  REQUIRE(settings.ok());
  capacity.change(*settings);
  CHECK(
      json::serialize(CapacitySettings().to_json()) ==
      R"({"payments":{"writes_per_second":0,"added_delay_ms":0},"operations":{"writes_per_second":0,"added_delay_ms":0}})");
  const Nanoseconds now = std::chrono::seconds(5);
  CHECK(capacity.take(table_group::payments, now).delay == milliseconds(7));
  CHECK(capacity.take(table_group::payments, now).allowed);
  CHECK_FALSE(capacity.take(table_group::payments, now).allowed);
  CHECK(capacity.take(table_group::payments, now + milliseconds(500)).allowed);
  for (int i = 0; i < 100; ++i) CHECK(capacity.take(table_group::operations, now).allowed);
}

TEST_CASE("authentication: ways are asked one after the other") {
  struct ByHeader final : Authenticator {
    explicit ByHeader(std::string name_in, std::int64_t merchant_in)
        : name(std::move(name_in)), merchant(merchant_in) {}
    std::optional<Principal> authenticate(const http::Request& request) const override {
      if (!request.header(name)) return std::nullopt;
      return Principal{merchant, 0};
    }
    std::string name;
    std::int64_t merchant;
  };
  std::vector<std::unique_ptr<Authenticator>> ways;
  ways.push_back(std::make_unique<ByHeader>("x-first", 1));
  ways.push_back(std::make_unique<ByHeader>("x-second", 2));
  const auto any = make_any_authenticator(std::move(ways));
  const auto merchant_of = [&](std::vector<http::HeaderView> headers) {
    http::Request request;
    request.headers = headers;
    const auto principal = any->authenticate(request);
    return principal ? principal->merchant : 0;
  };
  CHECK(merchant_of({{"x-second", ""}}) == 2);
  CHECK(merchant_of({{"x-second", ""}, {"x-first", ""}}) == 1);
  CHECK(merchant_of({{"x-third", ""}}) == 0);
}

}  // namespace
}  // namespace tidegate::platform
