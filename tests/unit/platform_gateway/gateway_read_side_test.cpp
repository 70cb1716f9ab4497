// Who answers a status read: memory, the read model, or the store.

#include "tests/unit/platform_gateway/fake_owner.hpp"
#include "tests/unit/platform_gateway/gateway_support.hpp"

namespace tidegate::platform {
namespace {

using namespace test;  // NOLINT(google-build-using-namespace)

TEST_CASE("read side: what is not in memory is asked of the read model, and of the store when that has no answer") {
  const ScratchDirectory scratch;
  Owner copy;
  RunningGateway::Options options;
  options.peers = {{"read-model.http", copy.address()}};
  RunningGateway gateway(scratch.path(), options);
  const Tenant tenant = gateway.new_tenant();
  const std::string id = gateway.pay(tenant.api_key, "k", payment_body(5, "EUR", tenant.card_token)).string("id");
  const std::string path = "/v1/payments/" + id;
  const std::string told = R"({"id":")" + id + R"(","status":"captured","staleness_ms":40})";
  copy.will_answer(200, told);

  CHECK(gateway.get(path, tenant.api_key).json.at("staleness_ms").as_int64() == 0);  // recent: from memory
  CHECK(copy.seen().empty());

  REQUIRE(gateway.put("/admin/feature-flags", R"({"recent_payments":false})").status == 200);
  CHECK(gateway.get(path, tenant.api_key).text == told);
  REQUIRE(copy.seen().size() == 1);
  CHECK(copy.seen()[0].line == "GET /v1/read/payments/" + id + "?at_most_ms=1000");
  CHECK(copy.seen()[0].headers.at("tidegate-tenant") == tenant.id);  // isolation is the owner's to keep
  CHECK(copy.seen()[0].headers.at("authorization") == "Bearer " + kOperatorToken);
  CHECK(gateway.metric("read_model_answers_total") == 1);

  // A long poll is about the writer's next step, and a payment that cannot exist is nobody's.
  CHECK(gateway.get(path + "?wait=1ms", tenant.api_key).string("status") == "processing");
  CHECK(gateway.get("/v1/payments/pay_0000", tenant.api_key).status == 404);
  CHECK(copy.seen().size() == 1);

  // It does not know the payment yet, or it lags: the store answers.
  const int status = GENERATE(404, 503);
  copy.will_answer(status, "{}");
  const Answer stored = gateway.get(path, tenant.api_key);
  CHECK(stored.string("status") == "processing");
  CHECK(stored.json.at("staleness_ms").as_int64() == 0);
  CHECK(copy.seen().size() == 2);
  CHECK(gateway.metric("read_model_passed_over_total") == 1);

  REQUIRE(gateway.put("/admin/feature-flags", R"({"recent_payments":false,"read_model":false})").status == 200);
  CHECK(gateway.get(path, tenant.api_key).string("status") == "processing");
  CHECK(copy.seen().size() == 2);
}

TEST_CASE("read side: a read model that is gone is left alone for a while") {
  const ScratchDirectory scratch;
  std::string nobody;
  {
    const Owner gone;
    nobody = gone.address();
  }
  RunningGateway::Options options;
  options.peers = {{"read-model.http", nobody}};
  RunningGateway gateway(scratch.path(), options);
  const Tenant tenant = gateway.new_tenant();
  const std::string id = gateway.pay(tenant.api_key, "k", payment_body(5, "EUR", tenant.card_token)).string("id");
  REQUIRE(gateway.put("/admin/feature-flags", R"({"recent_payments":false})").status == 200);
  for (int i = 0; i < 3; ++i) CHECK(gateway.get("/v1/payments/" + id, tenant.api_key).string("status") == "processing");
  CHECK(gateway.metric("read_model_passed_over_total") == 3);
}

}  // namespace
}  // namespace tidegate::platform
