// Another tenant's ids, and hostile requests on every route: the right 4xx, nothing stored, nobody else slowed.

#include "tests/unit/platform_gateway/gateway_support.hpp"

namespace tidegate::platform {
namespace {

using namespace test;  // NOLINT(google-build-using-namespace)

TEST_CASE("tenants: another merchant's ids do not exist, on any route") {
  const ScratchDirectory scratch;
  RunningGateway gateway(scratch.path());
  const Tenant owner = gateway.new_tenant();
  const Tenant other = gateway.new_tenant();
  const std::string id = gateway
                             .send("POST", "/v1/payments/authorize-only", owner.api_key,
                                   payment_body(10, "EUR", owner.card_token), {{"Idempotency-Key", "k"}})
                             .string("id");
  FakeAcquiring acquiring(gateway.bus());
  acquiring.report(id, "acquirer_authorized", {{"reference", "r"}});
  wait_until([&] { return gateway.status_of(owner, id) == "authorized"; });
  const std::string operation = gateway.operate(owner, id, "capture", "c", R"({"amount":1})").string("id");
  REQUIRE_FALSE(operation.empty());
  for (int round = 0; round < 2; ++round) {  // from memory, then from the store
    CHECK(gateway.get("/v1/payments/" + id, other.api_key).status == 404);
    CHECK(gateway.get("/v1/payments/" + id + "?wait=10ms", other.api_key).status == 404);
    CHECK(gateway.get("/v1/payments/" + id + "/operations", other.api_key).status == 404);
    CHECK(gateway.get("/v1/operations/" + operation, other.api_key).status == 404);
    CHECK(gateway.get("/v1/payments?key=k", other.api_key).status == 404);
    for (const char* action : {"capture", "refund", "cancel"}) {
      const Answer refused = gateway.operate(other, id, action, "theft-" + std::to_string(round));
      CHECK(refused.status == 404);
      CHECK(refused.problem() == "payment-unknown");
    }
    REQUIRE(gateway.send("POST", "/admin/cache/evict", kOperatorToken).status == 200);
  }
  CHECK(gateway.get("/v1/operations/" + operation, owner.api_key).string("status") == "pending");
  // The answer for another's payment and for none are the same bytes.
  CHECK(gateway.get("/v1/payments/" + id, other.api_key).text ==
        gateway.get("/v1/payments/pay_0000000000000010", other.api_key).text);
  CHECK(gateway.operate(other, id, "capture", "a").text ==
        gateway.operate(other, "pay_0000000000000010", "capture", "b").text);
  // The other's card pays for nobody else.
  CHECK(gateway.pay(other.api_key, "k", payment_body(1, "EUR", owner.card_token)).problem() == "card-unknown");
}

TEST_CASE("tenants: the operator's routes answer 401 to tenants, and the tenants' to the operator") {
  const ScratchDirectory scratch;
  RunningGateway gateway(scratch.path());
  const Tenant tenant = gateway.new_tenant();
  for (const std::string& route : gateway.runtime().router().routes()) {
    const auto space = route.find(' ');
    const std::string method = route.substr(0, space);
    std::string path = route.substr(space + 1);
    const bool of_operator = path.rfind("/admin/", 0) == 0 || path.find("/export") != std::string::npos ||
                             path.rfind("/v1/consumers/", 0) == 0 || path.rfind("/v1/dead-letters", 0) == 0 ||
                             path.rfind("/v1/reconciliations", 0) == 0 || path.rfind("/v1/ledger/", 0) == 0 ||
                             path.rfind("/v1/audit/", 0) == 0;
    const bool of_tenant = !of_operator && path.rfind("/v1/", 0) == 0 && path.rfind("/v1/provider-callbacks", 0) != 0;
    if (const auto open = path.find('{'); open != std::string::npos) {
      path.replace(open, path.find('}') - open + 1, "x");
    }
    INFO(route);
    if (of_operator) {
      for (const std::string& token :
           {std::string(), tenant.api_key, std::string("Operator-Secret"), kOperatorToken + "x"}) {
        CHECK(gateway.send(method, path, token, "{}").status == 401);
      }
    }
    if (of_tenant) {
      for (const std::string& token : {std::string(), kOperatorToken, "tgk_" + std::string(48, '0')}) {
        CHECK(gateway.send(method, path, token, "{}", {{"Idempotency-Key", "k"}}).status == 401);
      }
    }
  }
}

TEST_CASE("tenants: hostile bodies, paths and queries on every route get a 4xx, and the gateway goes on") {
  const ScratchDirectory scratch;
  RunningGateway gateway(scratch.path());
  const Tenant tenant = gateway.new_tenant();
  const std::string bodies[] = {"",
                                "\0\0\0",
                                "{\"amount\":1e999}",
                                std::string(60'000, '['),
                                "{\"a\":" + std::string(31, '[') + std::string(31, ']') + "}",
                                "{\"amount\":99999999999999999999999999}",
                                "\xc3\x28",
                                "{\"amount\":1,\"amount\":2}",
                                std::string(64 * 1024 + 1, 'x')};
  const std::string names[] = {"%00",
                               "%2e%2e%2f",
                               "..",
                               "x'%20OR%201=1--",
                               "%ff%fe",
                               std::string(4000, 'a'),
                               "pay_0000000000000000%0d%0aSet-Cookie:x"};
  int tried = 0;
  for (const std::string& route : gateway.runtime().router().routes()) {
    const auto space = route.find(' ');
    const std::string method = route.substr(0, space);
    const std::string pattern = route.substr(space + 1);
    if (pattern.rfind("/internal/", 0) == 0 || pattern == "/healthz" || pattern == "/readyz" || pattern == "/metrics" ||
        pattern == "/openapi.json" || pattern == "/admin/cache/evict") {
      continue;
    }
    const std::string token = pattern.rfind("/admin/", 0) == 0 ? kOperatorToken : tenant.api_key;
    const auto open = pattern.find('{');
    for (const std::string& name : names) {
      std::string path = pattern;
      if (open != std::string::npos) path.replace(open, pattern.find('}') - open + 1, name);
      for (const std::string& body : bodies) {
        if (method == "GET" && !body.empty()) continue;
        const Answer answer =
            gateway.send(method, path, token, body, {{"Idempotency-Key", "hostile-" + std::to_string(tried)}});
        INFO(method << " " << path.substr(0, 80) << " " << body.substr(0, 40) << " -> " << answer.status);
        const bool list = method == "GET" && pattern.rfind("/admin/", 0) == 0;
        const bool fenced = pattern.find("/void") != std::string::npos;
        const bool nobody_owns_it = answer.status == 503 && answer.problem() == "service-unavailable";
        CHECK(((answer.status >= 400 && answer.status < 500) || list || fenced || nobody_owns_it));
        ++tried;
      }
      if (open == std::string::npos) break;
    }
  }
  CHECK(tried > 300);
  CHECK(gateway.get("/v1/payments/export", kOperatorToken).json.at("items").as_array().empty());
  CHECK(gateway.pay(tenant.api_key, "after", payment_body(1, "EUR", tenant.card_token)).status == 202);
}

}  // namespace
}  // namespace tidegate::platform
