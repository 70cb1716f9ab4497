// HTTP archives and OpenAPI descriptions as scenarios: what is taken, what is left out, what is refused.

#include <string>

#include "loadgen/imports/imports.hpp"
#include "tests/support/catch.hpp"

namespace tidegate::loadgen {
namespace {

const std::string kHar = R"({"log":{"version":"1.2","entries":[
  {"startedDateTime":"2024-11-29T10:00:00.000Z","time":100,
   "request":{"method":"POST","url":"https://shop.test/login?next=%2F","headers":[
      {"name":":authority","value":"shop.test"},{"name":"Host","value":"shop.test"},{"name":"Cookie","value":"sid=secret1"},
      {"name":"Authorization","value":"Bearer secret2"},{"name":"Accept","value":"a ${b}"},{"name":"sec-ch-ua","value":"x"}],
     "postData":{"mimeType":"application/json","text":"{\"user\":\"u${x}\",\"n\":[1,true,null]}"}},
   "response":{"status":204}},
  {"startedDateTime":"2024-11-29T10:00:01.600Z","time":50,
   "request":{"method":"GET","url":"https://shop.test/a","headers":[]},"response":{"status":200}},
  {"startedDateTime":"2024-11-29T10:00:01.610Z","time":50,
   "request":{"method":"PURGE","url":"https://shop.test/a","headers":[]},"response":{"status":0}},
  {"startedDateTime":"2024-11-29T10:00:01.620Z","time":50,
   "request":{"method":"POST","url":"https://shop.test/form","headers":[],
     "postData":{"mimeType":"application/x-www-form-urlencoded","params":[{"name":"q","value":"a%20b"}]}},"response":{"status":303}},
  {"startedDateTime":"2024-11-29T10:00:01.630Z","time":5,
   "request":{"method":"GET","url":"https://cdn.test/x.js","headers":[]},"response":{"status":200}},
  {"request":{"method":"GET","url":"data:image/png;base64,xx","headers":[]}},
  {"request":"nonsense"}, 7
]}})";

const std::string kOpenApi = R"(
openapi: 3.0.3
servers: [{url: https://api.test/v2}]
security: [{bearer: []}]
paths:
  /pets/{petId}:
    parameters: [{name: petId, in: path, required: true, schema: {type: integer, minimum: 5, maximum: 9}}]
    get:
      operationId: getPet
      responses: {"200": {description: ok}}
  /pets:
    post:
      security: []
      parameters:
        - {name: dry run, in: query, required: true, schema: {type: boolean}}
        - {name: X-Id, in: header, required: true, schema: {type: string, format: uuid}}
        - {name: optional, in: query, schema: {type: string}}
      requestBody: {content: {application/json: {schema: {$ref: "#/components/schemas/Pet"}}}}
      responses: {"2XX": {description: made}}
components:
  schemas:
    Pet:
      allOf:
        - {type: object, properties: {name: {type: string, minLength: 3, maxLength: 5}, kind: {enum: [cat, dog]}}}
        - {type: object, properties: {age: {type: integer}, parent: {$ref: "#/components/schemas/Pet"}, id: {type: string, readOnly: true}}}
)";

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("a HAR becomes a flow, without its secrets") {
  const auto imported = import_har(kHar);
  INFO((imported.ok() ? std::string() : imported.error().message));
  REQUIRE(imported.ok());
  const std::string text = imported_text(*imported, "session.har");
  INFO(text);
  CHECK(has(text, "base_url: https://shop.test:443"));
  CHECK(has(text, "post: \"/login?next=%2F\""));
  CHECK(has(text, "${env.AUTHORIZATION}"));
  CHECK(has(text, "a $${b}"));
  CHECK(has(text, "u$${x}"));
  CHECK(has(text, "cookies: iteration"));
  CHECK(has(text, "think: 1500ms"));
  CHECK(has(text, "method: PURGE"));
  CHECK(has(text, "q: \"a b\""));
  CHECK(has(text, "status: 303"));
  CHECK(has(text, "1 requests to other origins were left out"));
  for (const char* secret : {"secret1", "secret2", "sec-ch-ua", "cdn.test/x", ":authority"}) {
    INFO(secret);
    CHECK_FALSE(has(text, secret));
  }
}

TEST_CASE("an OpenAPI description becomes a flow per operation") {
  const auto imported = import_openapi(kOpenApi);
  INFO((imported.ok() ? std::string() : imported.error().message));
  REQUIRE(imported.ok());
  const std::string text = imported_text(*imported, "api.yaml");
  INFO(text);
  CHECK(has(text, "base_url: https://api.test:443"));
  CHECK(has(text, "get: /v2/pets/${int(5, 9)}"));
  CHECK(has(text, "getPet: 50"));
  CHECK(has(text, "post: /v2/pets?dry%20run=${pick(true, false)}"));
  CHECK(has(text, "X-Id: ${uuid()}"));
  CHECK(has(text, "${string(5)}"));
  CHECK(has(text, "\"cat\""));
  CHECK(has(text, "status: 2xx"));
  CHECK(has(text, "bearer: ${env.API_TOKEN}"));
  CHECK_FALSE(has(text, "optional"));
  CHECK_FALSE(has(text, "id: "));
}

TEST_CASE("what is neither is refused with a reason") {
  struct Row {
    const char* text;
    const char* har;
    const char* openapi;
  };
  const Row rows[] = {
      {"", "not JSON", "it does not say"},
      {"{", "not JSON", "not JSON"},
      {"[]", "it has no log.entries", "it does not say"},
      {"{\"log\":{\"entries\":[]}}", "holds no request", "it does not say"},
      {"{\"openapi\":\"2.0\"}", "it has no log.entries", "it does not say"},
      {"openapi: 3.1.0", "not JSON", "holds no operation"},
      {"openapi: 3.1.0\npaths: {/a: {get: 5}}", "not JSON", "holds no operation"},
      {"openapi: 3.1.0\npaths: {a: {get: {}}}", "not JSON", "holds no operation"},
      {"a: [", "not JSON", "not YAML"},
  };
  for (const Row& row : rows) {
    INFO(row.text);
    const auto har = import_har(row.text), openapi = import_openapi(row.text);
    REQUIRE_FALSE(har.ok());
    REQUIRE_FALSE(openapi.ok());
    INFO(har.error().message);
    INFO(openapi.error().message);
    CHECK(has(har.error().message, row.har));
    CHECK(has(openapi.error().message, row.openapi));
  }
}

TEST_CASE("schemas that hold themselves come to an end") {
  const auto imported =
      import_openapi(R"({"openapi":"3.1.0","paths":{"/a":{"post":{"requestBody":{"content":{"application/json":
    {"schema":{"$ref":"#/components/schemas/A"}}}}},"get":{"requestBody":{"$ref":"#/nowhere"}},
    "put":{"requestBody":{"content":{"application/json":{"schema":{"$ref":"#/components/schemas/B"}}}}}}},
    "components":{"schemas":{"A":{"type":"object","properties":{"a":{"$ref":"#/components/schemas/A"}}},"B":{"$ref":"#/components/schemas/B"}}}})");
  CHECK(imported.ok());
}

}  // namespace tidegate::loadgen
