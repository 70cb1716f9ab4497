// What the operator changes while the gateway runs: flags, rate limits, capacity, routing rules, keys.

#include "tests/unit/platform_gateway/gateway_support.hpp"

namespace tidegate::platform {
namespace {

using namespace test;  // NOLINT(google-build-using-namespace)

Tenant tenant_of_tier(const RunningGateway& gateway, const std::string& tier) {
  const Answer made =
      gateway.send("POST", "/admin/merchants", kOperatorToken,
                   json::serialize(json::object{
                       {"name", "Shop"}, {"currency", "EUR"}, {"card", "4000000000000002"}, {"tier", tier}}));
  REQUIRE(made.status == 201);
  return {made.string("id"), made.string("api_key"), made.string("card_token")};
}

TEST_CASE("operator: settings need the token, are checked as a whole, and survive a restart") {
  const ScratchDirectory scratch;
  struct Row {
    const char* name;
    const char* good;
    std::vector<const char*> bad;
  };
  const Row rows[] = {
      {"feature-flags",
       R"({"payments":true,"long_poll":false})",
       {"", "[]", R"({"paymnets":true})", R"({"payments":1})", R"({"payments":true,"payments":false})"}},
      {"rate-limits",
       R"({"default":"tiny","tiers":{"tiny":{"per_second":1000,"burst":2000}}})",
       {"{}", R"({"tiers":[]})", R"({"tiers":{"a":{}}})", R"({"tiers":{"a":{"per_second":0}}})",
        R"({"tiers":{"A B":{"per_second":1}}})", R"({"tiers":{},"default":"none"})",
        R"({"tiers":{"a":{"per_second":1e9}}})", R"({"tiers":{"a":{"per_second":1,"burst":-1}}})",
        R"({"tiers":{"a":7}})"}},
      {"capacity",
       R"({"payments":{"writes_per_second":4000,"added_delay_ms":1},"operations":{"writes_per_second":0,"added_delay_ms":0}})",
       {R"({"tables":{}})", R"({"payments":1})", R"({"payments":{"writes_per_second":-1}})",
        R"({"payments":{"writes_per_secnd":1}})", R"({"payments":{"added_delay_ms":100000}})",
        R"({"payments":{"added_delay_ms":"5"}})"}},
      {"routing-rules",
       R"({"rules":[{"name":"yen","currencies":["JPY"],"acquirers":["acq-07","acq-01"]}]})",
       {"{}", R"({"rules":{}})", R"({"rules":[{}]})", R"({"rules":[{"name":"x"}]})",
        R"({"rules":[{"name":"x","acquirers":["acq-35"]}]})",
        R"({"rules":[{"name":"x","acquirers":["acq-01","acq-01"]}]})",
        R"({"rules":[{"name":"x","block":true,"acquirers":["acq-01"]}]})",
        R"({"rules":[{"name":"x","currencies":["EUX"],"block":true}]})",
        R"({"rules":[{"name":"x","amount_from":2,"amount_to":1,"block":true}]})",
        R"({"rules":[{"name":"x","blokc":true}]})", R"({"rules":[{"name":"x","cards":[],"block":true}]})"}},
  };
  std::map<std::string, std::string> put;
  {
    RunningGateway gateway(scratch.path());
    for (const Row& row : rows) {
      const std::string path = "/admin/" + std::string(row.name);
      CHECK(gateway.get(path, "").status == 401);
      CHECK(gateway.send("PUT", path, "wrong", row.good).status == 401);
      const std::string before = gateway.get(path, kOperatorToken).text;
      for (const char* bad : row.bad) {
        INFO(row.name << " " << bad);
        CHECK(gateway.put(path, bad).status == 400);
      }
      CHECK(gateway.get(path, kOperatorToken).text == before);
      const Answer good = gateway.put(path, row.good);
      INFO(good.text);
      REQUIRE(good.status == 200);
      CHECK(good.text != before);
      put[path] = good.text;
    }
  }
  RunningGateway restarted(scratch.path());
  for (const auto& [path, text] : put) CHECK(restarted.get(path, kOperatorToken).text == text);
}

TEST_CASE("operator: what is switched off answers 503 and stores nothing with the key") {
  const ScratchDirectory scratch;
  RunningGateway gateway(scratch.path());
  const Tenant tenant = gateway.new_tenant();
  const std::string body = payment_body(1, "EUR", tenant.card_token);
  REQUIRE(gateway.put("/admin/feature-flags", R"({"payments":false,"operations":false})").status == 200);
  const Answer off = gateway.pay(tenant.api_key, "k", body);
  CHECK(off.status == 503);
  CHECK(off.problem() == "switched-off");
  CHECK(off.header("Retry-After") == "1");
  CHECK(gateway.operate(tenant, "pay_0000000000000001", "capture", "k").problem() == "switched-off");
  REQUIRE(gateway.put("/admin/feature-flags", R"({"payments":true})").status == 200);
  CHECK(gateway.pay(tenant.api_key, "k", body).status == 202);
  CHECK(gateway.operate(tenant, "pay_0000000000000001", "capture", "k").problem() == "switched-off");
}

TEST_CASE(
    "operator: a tier's limit answers 429 before anything else is looked at, and tells the client how much is left") {
  const ScratchDirectory scratch;
  RunningGateway gateway(scratch.path());
  REQUIRE(gateway.put("/admin/rate-limits", R"({"tiers":{"slow":{"per_second":1,"burst":3}}})").status == 200);
  const Tenant slow = tenant_of_tier(gateway, "slow");
  const Tenant free = gateway.new_tenant();
  const std::string body = payment_body(1, "EUR", slow.card_token);
  const Answer first = gateway.pay(slow.api_key, "k", body);
  CHECK(first.status == 202);
  CHECK(first.header("RateLimit-Policy") == "\"slow\";q=1;w=1;burst=3");
  CHECK(first.header("RateLimit") == "\"slow\";r=2;t=1");
  Answer limited;
  for (int i = 0; i < 10 && limited.status != 429; ++i)
    limited = gateway.pay(slow.api_key, "k" + std::to_string(i), "{");
  REQUIRE(limited.status == 429);  // not 400: the limit comes first
  CHECK(limited.problem() == "rate-limited");
  CHECK_FALSE(limited.header("Retry-After").empty());
  CHECK(gateway.get("/v1/payments?key=k9", slow.api_key).status == 429);  // every route counts
  const Answer other = gateway.pay(free.api_key, "k", payment_body(1, "EUR", free.card_token));
  CHECK(other.status == 202);
  CHECK(other.header("RateLimit").empty());
  CHECK(gateway.send("POST", "/admin/merchants", kOperatorToken, R"({"name":"x","currency":"EUR","tier":"gone"})")
            .status == 400);
}

TEST_CASE("operator: provisioned writes are used up by new payments, not by repeats") {
  const ScratchDirectory scratch;
  RunningGateway gateway(scratch.path());
  const Tenant tenant = gateway.new_tenant();
  const std::string body = payment_body(1, "EUR", tenant.card_token);
  REQUIRE(gateway.put("/admin/capacity", R"({"payments":{"writes_per_second":1,"added_delay_ms":1}})").status == 200);
  CHECK(gateway.pay(tenant.api_key, "k", body).status == 202);
  Answer refused;
  for (int i = 0; i < 10 && refused.status != 503; ++i)
    refused = gateway.pay(tenant.api_key, "n" + std::to_string(i), body);
  CHECK(refused.problem() == "capacity-exceeded");
  CHECK(gateway.pay(tenant.api_key, "k", body).header("Idempotent-Replayed") == "true");
  REQUIRE(gateway.put("/admin/capacity", "{}").status == 200);
  for (int i = 0; i < 10; ++i) CHECK(gateway.pay(tenant.api_key, "n" + std::to_string(i), body).status == 202);
}

TEST_CASE("operator: routing rules decide the acquirers, and may block") {
  const ScratchDirectory scratch;
  RunningGateway gateway(scratch.path());
  const Tenant tenant = gateway.new_tenant();
  const auto route_of = [&](const std::string& key, std::int64_t amount) {
    REQUIRE(gateway.pay(tenant.api_key, key, payment_body(amount, "EUR", tenant.card_token)).status == 202);
    std::string route;
    wait_until([&] {
      for (const Envelope& event : events_of(gateway.bus(), "payments")) {
        if (event.data.at("client_key").as_string() == key) route = json::serialize(event.data.at("acquirers"));
      }
      return !route.empty();
    });
    return route;
  };
  const std::string spread = route_of("a", 100);
  CHECK(parse_json(spread)->as_array().size() == 3);
  const std::string rules =
      R"({"rules":[{"name":"stolen","cards":[")" + tenant.card_token +
      R"("],"amount_from":500,"block":true},{"name":"euro","currencies":["EUR"],"acquirers":["acq-09","acq-02"]}]})";
  REQUIRE(gateway.put("/admin/routing-rules", rules).status == 200);
  CHECK(route_of("b", 100) == R"(["acq-09","acq-02"])");
  const Answer blocked = gateway.pay(tenant.api_key, "c", payment_body(500, "EUR", tenant.card_token));
  CHECK(blocked.status == 422);
  CHECK(blocked.problem() == "blocked-by-rule");
  REQUIRE(gateway.put("/admin/feature-flags", R"({"routing_rules":false})").status == 200);
  CHECK(parse_json(route_of("d", 500))->as_array().size() == 3);
  CHECK(gateway.pay(tenant.api_key, "c", payment_body(500, "EUR", tenant.card_token)).text == blocked.text);
}

TEST_CASE("operator: a revoked key is refused, also after a restart; the merchant's others are not") {
  const ScratchDirectory scratch;
  Tenant tenant;
  std::string second;
  {
    RunningGateway gateway(scratch.path());
    tenant = gateway.new_tenant();
    const Answer made = gateway.send("POST", "/admin/keys", kOperatorToken, R"({"merchant":")" + tenant.id + "\"}");
    second = made.string("api_key");
    const Answer listed = gateway.get("/admin/keys", kOperatorToken);
    CHECK(listed.json.at("items").as_array().size() == 2);
    CHECK(listed.text.find(second) == std::string::npos);
    CHECK(gateway.send("DELETE", "/admin/keys/key_99", kOperatorToken).status == 404);
    CHECK(gateway.send("DELETE", "/admin/keys/" + made.string("id"), "").status == 401);
    CHECK(gateway.get("/v1/payments?key=k", second).status == 404);
    CHECK(gateway.send("DELETE", "/admin/keys/" + made.string("id"), kOperatorToken).status == 200);
    CHECK(gateway.get("/v1/payments?key=k", second).status == 401);
    CHECK(gateway.get("/admin/merchants", kOperatorToken).json.at("items").as_array().size() == 1);
  }
  RunningGateway restarted(scratch.path());
  CHECK(restarted.get("/v1/payments?key=k", second).status == 401);
  CHECK(restarted.get("/v1/payments?key=k", tenant.api_key).status == 404);
}

}  // namespace
}  // namespace tidegate::platform
