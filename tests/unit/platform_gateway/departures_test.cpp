// The gateway's departures one by one: what a client sees of each, and that a modern gateway shows nothing of it.

#include "platform/legacy/stale_answers.hpp"
#include "tests/unit/platform_gateway/gateway_support.hpp"

namespace tidegate::platform {
namespace {

using namespace test;  // NOLINT(google-build-using-namespace)

RunningGateway::Options with(std::map<std::string, std::string> switches) {
  RunningGateway::Options options;
  options.switches = std::move(switches);
  return options;
}

std::size_t payments_in(const RunningGateway& gateway) {
  return gateway.get("/v1/payments/export", kOperatorToken).json.at("items").as_array().size();
}

/// How many payments a key leads to when it is sent twice, and once more to the process that follows.
struct Repeats {
  std::size_t in_one_process = 0, after_a_restart = 0;
  bool replay_is_said = false;
};
Repeats repeat_with(const std::map<std::string, std::string>& switches) {
  const ScratchDirectory scratch;
  Repeats repeats;
  Tenant tenant;
  std::string body;
  {
    RunningGateway gateway(scratch.path(), with(switches));
    tenant = gateway.new_tenant();
    body = payment_body(100, "EUR", tenant.card_token);
    CHECK(gateway.pay(tenant.api_key, "k", body).status == 202);
    repeats.replay_is_said = gateway.pay(tenant.api_key, "k", body).header("Idempotent-Replayed") == "true";
    repeats.in_one_process = payments_in(gateway);
  }
  RunningGateway next(scratch.path(), with(switches));
  CHECK(next.pay(tenant.api_key, "k", body).status == 202);
  repeats.after_a_restart = payments_in(next);
  return repeats;
}

TEST_CASE("departures: what a repeated key leads to") {
  struct Row {
    std::map<std::string, std::string> switches;
    Repeats want;
  };
  const Row rows[] = {
      {{}, {1, 1, true}},
      {{{"no_idempotency", "true"}}, {2, 3, false}},
      {{{"cache_only_idempotency", "true"}}, {1, 2, true}},
  };
  for (const Row& row : rows) {
    INFO((row.switches.empty() ? "modern" : row.switches.begin()->first));
    const Repeats have = repeat_with(row.switches);
    CHECK(have.in_one_process == row.want.in_one_process);
    CHECK(have.after_a_restart == row.want.after_a_restart);
    CHECK(have.replay_is_said == row.want.replay_is_said);
  }
}

TEST_CASE("departures: a wrong rate limit and a provisioned store refuse, with their own answers") {
  struct Row {
    const char* name;
    const char* value;
    std::size_t accepted;
    int status;
    const char* problem;
  };
  const Row rows[] = {{"wrong_rate_limit", "true", 5, 429, "rate-limited"},
                      {"store_throttle_4000", "0.002", 8, 503, "capacity-exceeded"}};
  for (const Row& row : rows) {
    INFO(row.name);
    const ScratchDirectory scratch;
    RunningGateway gateway(scratch.path(), with({{row.name, row.value}}));
    const Tenant tenant = gateway.new_tenant();
    std::size_t accepted = 0;
    Answer refused;
    for (int i = 0; i < 60 && refused.status == 0; ++i) {
      Answer answer = gateway.pay(tenant.api_key, "k" + std::to_string(i), payment_body(1, "EUR", tenant.card_token));
      if (answer.status == 202) {
        ++accepted;
      } else {
        refused = std::move(answer);
      }
    }
    CHECK(refused.status == row.status);
    CHECK(accepted >= row.accepted);
    CHECK_FALSE(refused.header("Retry-After").empty());
  }
}

TEST_CASE("departures: sessions in memory end with the process, new ones do not") {
  const ScratchDirectory scratch;
  Tenant old;
  {
    RunningGateway gateway(scratch.path(), with({{"memory_sessions", "true"}}));
    old = gateway.new_tenant();
    CHECK(gateway.pay(old.api_key, "k", payment_body(1, "EUR", old.card_token)).status == 202);
  }
  RunningGateway next(scratch.path(), with({{"memory_sessions", "true"}}));
  const Answer unknown = next.pay(old.api_key, "k2", payment_body(1, "EUR", old.card_token));
  CHECK(unknown.status == 401);
  CHECK(unknown.problem() == "session-unknown");
  const Tenant fresh = next.new_tenant();
  CHECK(next.pay(fresh.api_key, "k", payment_body(1, "EUR", fresh.card_token)).status == 202);
}

TEST_CASE("departures: clients that repeat at once send a failing payment six times") {
  const ScratchDirectory scratch;
  RunningGateway gateway(scratch.path(), with({{"client_retry_storm", "true"}, {"serial_hops", "true"}}));  // no bank
  const Tenant tenant = gateway.new_tenant();
  CHECK(gateway.pay(tenant.api_key, "k", payment_body(1, "EUR", tenant.card_token)).status == 503);
  CHECK(gateway.metric("legacy_client_attempts_total") == 6);
  CHECK(gateway.metric("legacy_client_failures_total") == 6);
}

TEST_CASE("departures: the write queue takes a payment's flush at a time, and ends in order") {
  const ScratchDirectory scratch;
  RunningGateway gateway(scratch.path(), with({{"sync_writes", "0.1"}, {"analytics_on_primary", "true"}}));
  const Tenant tenant = gateway.new_tenant();
  for (int i = 0; i < 3; ++i) {
    CHECK(gateway.pay(tenant.api_key, std::to_string(i), payment_body(1, "EUR", tenant.card_token)).status == 202);
  }
  CHECK(gateway.metric("legacy_write_queue_depth") == 0);
  CHECK(payments_in(gateway) == 3);
}

TEST_CASE("departures: a leaking worker takes one connection after the other") {
  const ScratchDirectory scratch;
  RunningGateway gateway(scratch.path(), with({{"shared_pool_leak", "true"}}));
  wait_until([&] { return gateway.metric("legacy_pool_in_use") >= 3; });
  const Tenant tenant = gateway.new_tenant();
  CHECK(gateway.pay(tenant.api_key, "k", payment_body(1, "EUR", tenant.card_token)).status == 202);
}

TEST_CASE("departures: a replica that is behind shows a settled payment as under way") {
  const ScratchDirectory scratch;
  RunningGateway gateway(scratch.path(), with({{"stale_replica_15s", "true"}}));
  const Tenant tenant = gateway.new_tenant();
  const std::string payment = gateway.pay(tenant.api_key, "k", payment_body(1, "EUR", tenant.card_token)).string("id");
  FakeAcquiring acquiring(gateway.bus());
  acquiring.report(payment, "acquirer_approved");
  wait_until(
      [&] { return gateway.get("/v1/payments/export", kOperatorToken).text.find("captured") != std::string::npos; });
  CHECK(gateway.status_of(tenant, payment) == "processing");
}

http::Response answer(const std::string& body) {
  http::Response response;
  response.body = body;
  return response;
}

TEST_CASE("departures: private caches do not hear of each other") {
  Metrics metrics;
  PrivateCaches caches(metrics);
  int old = 0;
  constexpr int kLookUps = 1'500;
  caches.show(1, answer("processing"));  // one process of fifteen keeps this
  for (int i = 0; i < kLookUps; ++i) old += caches.show(1, answer("captured")).body == "processing" ? 1 : 0;
  // A fifteenth of 1,500 is 100; with a standard deviation of 10, five of them to either side.
  CHECK(old > 50);
  CHECK(old < 150);
  CHECK(metrics.text().find("legacy_cache_stale_total " + std::to_string(old)) != std::string::npos);
  CHECK(caches.show(2, answer("other")).body == "other");
}

}  // namespace
}  // namespace tidegate::platform
