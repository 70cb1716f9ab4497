// Routes that other services own: who is let through, what the owner sees, what the client gets back.

#include "tests/unit/platform_gateway/fake_owner.hpp"
#include "tests/unit/platform_gateway/gateway_support.hpp"

namespace tidegate::platform {
namespace {

using namespace test;  // NOLINT(google-build-using-namespace)

TEST_CASE("passed on: the owner learns who asks, from the gateway alone, and the client gets its answer") {
  const ScratchDirectory scratch;
  Owner owner;
  RunningGateway::Options options;
  options.peers = {{"worker.http", owner.address()}};  // several roles in one process
  RunningGateway gateway(scratch.path(), options);
  const Tenant tenant = gateway.new_tenant();
  const std::string trace = "4bf92f3577b34da6a3ce929d0e0e4736";
  const Answer answer = gateway.send("POST", "/v1/wallets/w%201/debit?x=1", tenant.api_key, R"({"amount":5})",
                                     {{"Idempotency-Key", "k"},
                                      {"Tidegate-Tenant", "mer_000099"},
                                      {"X-Forwarded-For", "1.2.3.4"},
                                      {"traceparent", "00-" + trace + "-00f067aa0ba902b7-01"}});
  CHECK(answer.status == 200);
  CHECK(answer.text == R"({"ok":true})");
  CHECK(answer.header("Idempotent-Replayed") == "true");
  CHECK(answer.header("X-Inside").empty());
  REQUIRE(owner.seen().size() == 1);
  const Owner::Seen seen = owner.seen().front();
  CHECK(seen.line == "POST /v1/wallets/w%201/debit?x=1");
  CHECK(seen.body == R"({"amount":5})");
  CHECK(seen.headers.at("tidegate-tenant") == tenant.id);
  CHECK(seen.headers.at("authorization") == "Bearer " + kOperatorToken);  // never the client's own
  CHECK(seen.headers.at("idempotency-key") == "k");
  CHECK(seen.headers.at("traceparent").substr(3, 32) == trace);
  CHECK(seen.headers.count("x-forwarded-for") == 0);

  CHECK(gateway.send("POST", "/v1/wallets/w/debit", tenant.api_key, "{}").problem() == "idempotency-key-missing");
  CHECK(gateway.send("POST", "/v1/wallets/w/debit", "", "{}").status == 401);
  CHECK(gateway.get("/v1/reconciliations/r", tenant.api_key).status == 401);
  CHECK(owner.seen().size() == 1);
  owner.will_answer(422, R"({"type":"about:blank"})");
  CHECK(gateway.get("/v1/reconciliations/r", kOperatorToken).status == 422);
  CHECK(owner.seen().back().headers.count("tidegate-tenant") == 0);
}

TEST_CASE("passed on: an acquirer's callback goes through with its signature and without an API key") {
  const ScratchDirectory scratch;
  Owner owner;
  RunningGateway::Options options;
  options.peers = {{"acquiring.http", owner.address()}};
  RunningGateway gateway(scratch.path(), options);
  owner.will_answer(401, R"({"type":"about:blank"})");
  const Answer forged = gateway.send("POST", "/v1/provider-callbacks/acq-07", "", "{}",
                                     {{"webhook-id", "1"}, {"webhook-timestamp", "2"}, {"webhook-signature", "v1,x"}});
  CHECK(forged.status == 401);
  REQUIRE(owner.seen().size() == 1);
  CHECK(owner.seen()[0].headers.at("webhook-signature") == "v1,x");
  CHECK(owner.seen()[0].headers.at("webhook-timestamp") == "2");
}

TEST_CASE("passed on: while the owner is away the client is told to come back") {
  const ScratchDirectory scratch;
  RunningGateway::Options options;
  options.peers = {{"payouts.http", "127.0.0.1:1"}};
  RunningGateway gateway(scratch.path(), options);
  const Tenant tenant = gateway.new_tenant();
  for (const char* path : {"/v1/payouts/p", "/v1/webhook-endpoints"}) {
    const Answer away = gateway.get(path, tenant.api_key);
    CHECK(away.status == 503);
    CHECK(away.problem() == "service-unavailable");
    CHECK(away.header("Retry-After") == "1");
  }
}

TEST_CASE("card tokens: the vault's token pays, the number is in no file, another merchant's token does not exist") {
  const ScratchDirectory scratch;
  Owner vault;
  RunningGateway::Options options;
  options.peers = {{"vault.http", vault.address()}};
  Tenant tenant;
  {
    RunningGateway gateway(scratch.path(), options);
    vault.will_answer(201, R"({"token":"tok_one","last_four":"0002"})");
    tenant = gateway.new_tenant();
    vault.will_answer(201, R"({"token":"tok_two","last_four":"0002"})");
    const Tenant other = gateway.new_tenant();
    const std::string number = R"({"number":"4929081234567899","expiry_month":1,"expiry_year":2030})";
    vault.will_answer(201, R"({"token":"tok_vault","last_four":"7899"})");
    const std::string body = payment_body(5, "EUR", "tok_vault");
    CHECK(gateway.pay(tenant.api_key, "early", body).problem() == "card-unknown");
    CHECK(gateway.send("POST", "/v1/tokens", tenant.api_key, number).status == 201);
    CHECK(gateway.pay(tenant.api_key, "k", body).status == 202);
    vault.will_answer(200, R"({"token":"tok_vault","last_four":"7899"})");
    CHECK(gateway.send("POST", "/v1/tokens", tenant.api_key, number).status == 200);
    CHECK(gateway.pay(other.api_key, "k", body).problem() == "card-unknown");
    vault.will_answer(422, R"({"type":"about:blank"})");
    CHECK(gateway.send("POST", "/v1/tokens", tenant.api_key, "{}").status == 422);
    vault.will_answer(201, "nonsense");
    CHECK(gateway.send("POST", "/v1/tokens", tenant.api_key, number).status == 201);
  }
  RunningGateway restarted(scratch.path(), options);
  CHECK(restarted.pay(tenant.api_key, "after", payment_body(5, "EUR", "tok_vault")).status == 202);
}

}  // namespace
}  // namespace tidegate::platform
