// The API's description against the code: every route is described and every described path is a route; answers have
// the shape and the statuses that the description gives them.

#include <set>

#include "tests/unit/platform_gateway/gateway_support.hpp"
#include "tests/unit/platform_gateway/json_schema.hpp"

namespace tidegate::platform {
namespace {

using namespace test;  // NOLINT(google-build-using-namespace)

std::set<std::string> described(const json::object& document) {
  std::set<std::string> routes;
  for (const auto& [path, methods] : document.at("paths").as_object()) {
    for (const auto& [method, operation] : methods.as_object()) {
      std::string upper(method);
      for (char& c : upper) c = static_cast<char>(std::toupper(c));
      routes.insert(upper + " " + std::string(path));
    }
  }
  return routes;
}

TEST_CASE("openapi: the document is served, and it describes exactly the routes that there are") {
  const ScratchDirectory scratch;
  RunningGateway gateway(scratch.path());
  const Answer served = gateway.get("/openapi.json", "");
  REQUIRE(served.status == 200);
  CHECK(served.string("openapi") == "3.1.0");
  std::set<std::string> routes;
  for (const std::string& route : gateway.runtime().router().routes()) {
    if (route.find("/internal/") == std::string::npos) routes.insert(route);  // between services, not the API
  }
  CHECK(described(served.json) == routes);
}

TEST_CASE("openapi: every reference leads somewhere, and every problem status is a problem document") {
  const ScratchDirectory scratch;
  RunningGateway gateway(scratch.path());
  const json::object document = gateway.get("/openapi.json", "").json;
  const JsonSchema schema(document);
  CHECK(schema.broken_references().empty());
}

/// One request and the status it is described with.
struct Call {
  const char* path;  ///< as described
  std::string method, target, token, body, key;
  int status;
};

TEST_CASE("openapi: answers are of the described statuses and shapes") {
  const ScratchDirectory scratch;
  RunningGateway::Options options;
  RunningGateway gateway(scratch.path(), options);
  const json::object document = gateway.get("/openapi.json", "").json;
  const JsonSchema schema(document);
  const Tenant tenant = gateway.new_tenant();
  const std::string body = payment_body(1000, "EUR", tenant.card_token);
  const std::string manual =
      gateway.send("POST", "/v1/payments/authorize-only", tenant.api_key, body, {{"Idempotency-Key", "manual"}})
          .string("id");
  FakeAcquiring acquiring(gateway.bus());
  acquiring.report(manual, "acquirer_authorized", {{"reference", "r"}, {"expires_at_ms", 4102444800000}});
  wait_until([&] { return gateway.status_of(tenant, manual) == "authorized"; });
  const std::string none = "/v1/payments/pay_0000000000000010";

  const Call calls[] = {
      {"/v1/payments", "POST", "/v1/payments", tenant.api_key, body, "k", 202},
      {"/v1/payments", "POST", "/v1/payments", tenant.api_key, body, "k", 202},  // the repeat
      {"/v1/payments", "POST", "/v1/payments", tenant.api_key, "{", "k", 400},
      {"/v1/payments", "POST", "/v1/payments", tenant.api_key, body, "", 400},
      {"/v1/payments", "POST", "/v1/payments", "", body, "k", 401},
      {"/v1/payments", "POST", "/v1/payments", tenant.api_key, payment_body(7, "EUR", tenant.card_token), "k", 422},
      {"/v1/payments/authorize-only", "POST", "/v1/payments/authorize-only", tenant.api_key, body, "k", 202},
      {"/v1/payments", "GET", "/v1/payments?key=k", tenant.api_key, "", "", 200},
      {"/v1/payments", "GET", "/v1/payments", tenant.api_key, "", "", 400},
      {"/v1/payments", "GET", "/v1/payments?key=none", tenant.api_key, "", "", 404},
      {"/v1/payments/{id}", "GET", "/v1/payments/" + manual, tenant.api_key, "", "", 200},
      {"/v1/payments/{id}", "GET", none, tenant.api_key, "", "", 404},
      {"/v1/payments/{id}", "GET", "/v1/payments/" + manual + "?wait=9h", tenant.api_key, "", "", 400},
      {"/v1/payments/{id}/refund", "POST", "/v1/payments/" + manual + "/refund", tenant.api_key, "", "f", 409},
      {"/v1/payments/{id}/capture", "POST", "/v1/payments/" + manual + "/capture", tenant.api_key, R"({"amount":1001})",
       "c0", 422},
      {"/v1/payments/{id}/capture", "POST", "/v1/payments/" + manual + "/capture", tenant.api_key, R"({"amount":5})",
       "c1", 202},
      {"/v1/payments/{id}/cancel", "POST", none + "/cancel", tenant.api_key, "", "x", 404},
      {"/v1/payments/{id}/operations", "GET", "/v1/payments/" + manual + "/operations", tenant.api_key, "", "", 200},
      {"/v1/operations/{id}", "GET", "/v1/operations/cap_0000000000000001", tenant.api_key, "", "", 404},
      {"/v1/idempotency-keys/{key}/void", "POST", "/v1/idempotency-keys/v/void", tenant.api_key, "", "", 200},
      {"/v1/idempotency-keys/{key}/void", "POST", "/v1/idempotency-keys/k/void", tenant.api_key, "", "", 409},
      {"/v1/payments/export", "GET", "/v1/payments/export", kOperatorToken, "", "", 200},
      {"/v1/payments/export", "GET", "/v1/payments/export?limit=0", kOperatorToken, "", "", 400},
      {"/v1/events/export", "GET", "/v1/events/export", kOperatorToken, "", "", 200},
      {"/v1/events/export", "GET", "/v1/events/export?after=x", kOperatorToken, "", "", 400},
      {"/v1/consumers/gateway/applied", "GET", "/v1/consumers/gateway/applied", kOperatorToken, "", "", 200},
      {"/v1/wallets/{id}", "GET", "/v1/wallets/w", tenant.api_key, "", "", 503},  // nobody keeps them here
      {"/v1/wallets/{id}/debit", "POST", "/v1/wallets/w/debit", tenant.api_key, "{}", "", 400},
      {"/admin/merchants", "GET", "/admin/merchants", kOperatorToken, "", "", 200},
      {"/admin/merchants", "POST", "/admin/merchants", kOperatorToken, R"({"name":"x","currency":"EUR"})", "", 201},
      {"/admin/merchants", "POST", "/admin/merchants", "", "", "", 401},
      {"/admin/keys", "POST", "/admin/keys", kOperatorToken, R"({"merchant":"mer_000001"})", "", 201},
      {"/admin/keys/{id}", "DELETE", "/admin/keys/key_2", kOperatorToken, "", "", 200},
      {"/admin/feature-flags", "GET", "/admin/feature-flags", kOperatorToken, "", "", 200},
      {"/admin/cache/evict", "POST", "/admin/cache/evict?share=0%25", kOperatorToken, "", "", 200},
      {"/healthz", "GET", "/healthz", "", "", "", 200},
  };
  for (const Call& call : calls) {
    INFO(call.method << " " << call.target);
    http::Headers headers;
    if (!call.key.empty()) headers.emplace_back("Idempotency-Key", call.key);
    const Answer answer = gateway.send(call.method, call.target, call.token, call.body, headers);
    INFO(answer.text);
    CHECK(answer.status == call.status);
    CHECK(schema.complaint_about(call.method, call.path, answer.status, answer.text) == "");
  }
}

TEST_CASE("openapi: the check finds what is not as described") {
  const json::object document = parse_json(R"({"paths":{"/a":{"get":{"responses":{"200":{"content":{"application/json":
    {"schema":{"type":"object","properties":{"n":{"type":"integer","minimum":1},"s":{"enum":["x"]},"p":{"type":"string",
    "pattern":"^a+$"}},"required":["n"],"additionalProperties":false}}}}}}}}})")
                                    ->as_object();
  const JsonSchema schema(document);
  CHECK(schema.complaint_about("GET", "/a", 200, R"({"n":1,"s":"x","p":"aa"})") == "");
  for (const char* wrong : {"[]", "{}", R"({"n":"1"})", R"({"n":0})", R"({"n":1.5})", R"({"n":1,"s":"y"})",
                            R"({"n":1,"q":1})", R"({"n":1,"p":"b"})", "nonsense"}) {
    INFO(wrong);
    CHECK(schema.complaint_about("GET", "/a", 200, wrong) != "");
  }
  CHECK(schema.complaint_about("GET", "/a", 404, "{}") != "");
  CHECK(schema.complaint_about("POST", "/a", 200, R"({"n":1})") != "");
  CHECK(schema.complaint_about("GET", "/b", 200, R"({"n":1})") != "");
}

}  // namespace
}  // namespace tidegate::platform
