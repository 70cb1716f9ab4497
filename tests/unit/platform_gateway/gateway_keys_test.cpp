// Idempotency keys beyond the first repeat: fencing, lapsing, forgetting; and the long poll.

#include <future>

#include "tests/unit/platform_gateway/gateway_support.hpp"

namespace tidegate::platform {
namespace {

using namespace test;  // NOLINT(google-build-using-namespace)

Answer void_key(const RunningGateway& gateway, const Tenant& tenant, const std::string& key,
                const std::string& query = "") {
  return gateway.send("POST", "/v1/idempotency-keys/" + http::percent_encode(key) + "/void" + query, tenant.api_key);
}

TEST_CASE("keys: a fenced key is refused for good, a used one cannot be fenced") {
  const ScratchDirectory scratch;
  Tenant tenant;
  std::string body;
  {
    RunningGateway gateway(scratch.path());
    tenant = gateway.new_tenant();
    body = payment_body(100, "EUR", tenant.card_token);
    const Answer voided = void_key(gateway, tenant, "lost/?#");
    CHECK(voided.status == 200);
    CHECK(voided.string("key") == "lost/?#");
    CHECK(void_key(gateway, tenant, "lost/?#").text == voided.text);
    const Answer refused = gateway.pay(tenant.api_key, "lost/?#", body);
    CHECK(refused.status == 422);
    CHECK(refused.problem() == "key-voided");
    CHECK(gateway.get("/v1/payments?key=lost%2F%3F%23", tenant.api_key).status == 404);

    REQUIRE(gateway.pay(tenant.api_key, "used", body).status == 202);
    CHECK(void_key(gateway, tenant, "used").problem() == "key-in-use");
    CHECK(gateway.pay(tenant.api_key, "used", body).status == 202);
    // A refusal is a result, too.
    REQUIRE(gateway.pay(tenant.api_key, "refused", payment_body(1, "USD", tenant.card_token)).status == 422);
    CHECK(void_key(gateway, tenant, "refused").problem() == "key-in-use");
    // Other routes and other merchants have keys of their own.
    CHECK(void_key(gateway, tenant, "used", "?route=/v1/payments/{id}/capture").status == 200);
    CHECK(gateway.pay(gateway.new_tenant().api_key, "lost/?#", body).problem() == "card-unknown");
    for (const char* bad : {"?route=/v1/payment", "?route=", "?route=/v1/payments/{id}"}) {
      CHECK(void_key(gateway, tenant, "k", bad).status == 400);
    }
    CHECK(void_key(gateway, tenant, "with space").status == 400);
    CHECK(void_key(gateway, tenant, std::string(256, 'k')).status == 400);
    CHECK(gateway.send("POST", "/v1/idempotency-keys/k/void", "").status == 401);
  }
  RunningGateway restarted(scratch.path());
  CHECK(restarted.pay(tenant.api_key, "lost/?#", body).problem() == "key-voided");
}

TEST_CASE("keys: what was fenced while its request waited is one or the other, never both") {
  const ScratchDirectory scratch;
  RunningGateway gateway(scratch.path());
  const Tenant tenant = gateway.new_tenant();
  for (int i = 0; i < 20; ++i) {
    const std::string key = "race-" + std::to_string(i);
    auto paying = std::async(std::launch::async, [&] {
      return gateway.pay(tenant.api_key, key, payment_body(1, "EUR", tenant.card_token)).status;
    });
    const int voided = void_key(gateway, tenant, key).status;
    const int paid = paying.get();
    INFO(voided << " " << paid);
    CHECK(((voided == 200 && paid == 422) || (voided == 409 && paid == 202)));
  }
}

TEST_CASE("keys: a key lapses, and then stands for the next request") {
  const ScratchDirectory scratch;
  RunningGateway::Options options;
  options.key_expiry = std::chrono::milliseconds(1);
  RunningGateway gateway(scratch.path(), options);
  const Tenant tenant = gateway.new_tenant();
  const std::string body = payment_body(100, "EUR", tenant.card_token);
  const Answer first = gateway.pay(tenant.api_key, "k", body);
  REQUIRE(first.status == 202);
  Answer second;
  wait_until([&] {
    second = gateway.pay(tenant.api_key, "k", body);
    return second.string("id") != first.string("id");
  });
  CHECK(second.status == 202);
  CHECK(second.header("Idempotent-Replayed").empty());
  // The first payment is not touched by it.
  CHECK(gateway.get("/v1/payments/" + first.string("id"), tenant.api_key).status == 200);
}

TEST_CASE("keys: a repeat is answered from memory or from the store, with the same bytes") {
  const ScratchDirectory scratch;
  RunningGateway gateway(scratch.path());
  const Tenant tenant = gateway.new_tenant();
  const std::string body = payment_body(100, "EUR", tenant.card_token);
  const Answer first = gateway.pay(tenant.api_key, "k", body);
  const Answer refusal = gateway.pay(tenant.api_key, "r", payment_body(1, "USD", tenant.card_token));
  const auto repeat = [&](double hits) {
    const Answer again = gateway.pay(tenant.api_key, "k", body);
    CHECK(again.text == first.text);
    CHECK(again.header("Location") == first.header("Location"));
    CHECK(again.header("Idempotent-Replayed") == "true");
    CHECK(gateway.pay(tenant.api_key, "r", payment_body(1, "USD", tenant.card_token)).text == refusal.text);
    CHECK(gateway.pay(tenant.api_key, "k", payment_body(101, "EUR", tenant.card_token)).problem() ==
          "idempotency-key-reused");
    CHECK(gateway.metric("idempotency_cache_hits_total") == hits);
  };
  repeat(3);
  const Answer evicted = gateway.send("POST", "/admin/cache/evict?share=100%25", kOperatorToken);
  CHECK(evicted.json.at("evicted").as_object().at("answers").as_int64() == 2);
  CHECK(evicted.json.at("evicted").as_object().at("payments").as_int64() == 1);
  repeat(4);  // the first of the three refills it; the refusal likewise from the store; then the other body from memory
  REQUIRE(gateway.put("/admin/feature-flags", R"({"idempotency_cache":false})").status == 200);
  repeat(4);
}

TEST_CASE("long poll: the answer comes with the change, at the end of the time, or at the end of the gateway") {
  const ScratchDirectory scratch;
  RunningGateway gateway(scratch.path());
  const Tenant tenant = gateway.new_tenant();
  const std::string id = gateway.pay(tenant.api_key, "k", payment_body(1, "EUR", tenant.card_token)).string("id");
  const auto poll = [&](const std::string& wait) {
    return std::async(std::launch::async,
                      [&, wait] { return gateway.get("/v1/payments/" + id + "?wait=" + wait, tenant.api_key); });
  };
  CHECK(poll("0s").get().string("status") == "processing");
  CHECK(poll("20ms").get().string("status") == "processing");
  for (const char* bad : {"31s", "-1s", "10", "abc", "1h", ""}) {
    INFO(bad);
    CHECK(poll(bad).get().status == 400);
  }
  auto waiting = poll("30s");
  FakeAcquiring acquiring(gateway.bus());
  acquiring.report(id, "acquirer_declined");
  CHECK(waiting.get().string("status") == "declined");
  CHECK(poll("30s").get().string("status") == "declined");  // nothing to wait for

  const std::string next = gateway.pay(tenant.api_key, "k2", payment_body(1, "EUR", tenant.card_token)).string("id");
  auto last =
      std::async(std::launch::async, [&] { return gateway.get("/v1/payments/" + next + "?wait=30s", tenant.api_key); });
  wait_until([&] { return gateway.metric("long_polls_waiting") == 1; });
  gateway.runtime().request_stop();
  CHECK(last.get().string("status") == "processing");
}

}  // namespace
}  // namespace tidegate::platform
