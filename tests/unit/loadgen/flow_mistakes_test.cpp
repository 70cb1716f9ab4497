// What a flow may not say: one message each, with its place.

#include <string>

#include "tests/support/catch.hpp"
#include "tests/unit/loadgen/sections_text.hpp"

namespace tidegate::loadgen {

TEST_CASE("mistakes in steps are told with their place") {
  struct Row {
    const char* steps;
    const char* message;
  };
  const Row rows[] = {
      {"[{loop: 0, steps: [{get: /a}]}]", "a loop takes 1 to 1,000,000 turns, found '0'"},
      {"[{loop: many, steps: [{get: /a}]}]", "a loop takes 1 to 1,000,000 turns"},
      {"[{loop: 2}, {get: /a}]", "a loop needs 'steps'"},
      {"[{loop: 2, steps: []}, {get: /a}]", "an empty list of steps"},
      {"[{loop: 2, steps: [{get: /a}], name: x}]", "'name' does not go with a loop"},
      {"[{get: /a, steps: [{get: /b}]}]", "'steps' needs 'loop'"},
      {"[{get: /a, then: [{get: /b}]}]", "'then' needs 'if'"},
      {"[{if: yes, then: [{get: /a}]}]", "is not a condition"},
      {"[{if: '${nothing}', then: [{get: /a}]}]", "unknown variable 'nothing'"},
      {"[{if: '${uuid()} ~ (', then: [{get: /a}]}]", "is not a regular expression"},
      {"[{if: '${uuid()}', else: [{get: /a}]}]", "an if step needs 'then'"},
      {"[{choose: [{weight: 50, steps: [{get: /a}]}]}]", "the weights of the choices sum to 50, not to 100"},
      {"[{choose: []}, {get: /a}]", "nothing to choose from"},
      {"[{choose: [{weight: 100, stepz: [{get: /a}]}]}]", "stepz"},
      {"[{parallel: [{get: /a}, {think: 1s}]}]", "parallel holds requests only"},
      {"[{parallel: [{loop: 2, steps: [{get: /a}]}]}]", "parallel holds requests only"},
      {"[{parallel: []}, {get: /a}]", "an empty list of steps"},
      {"[{loop: 2, steps: [{get: /a, opps: 1}]}]", "opps"},
      {"[{get: /a}, {if: '${uuid()}', then: [{get: /b, name: b}]}, {poll: /c, name: c, since: b, until: {status: "
       "200}}]",
       "no earlier step is named 'b'"},
      {"[{loop: 2, steps: [{post: /a, operation: {kind: pay, key: x}}]}]", "an operation cannot stand in a loop"},
      {"[{get: /a, json: {a: 1}, form: {b: 2}}]", "not two"},
      {"[{get: /a, body: {file: nowhere.json}}]", "cannot read the file"},
      {"[{request: /a}]", "'request' needs 'method'"},
      {"[{request: /a, method: 'GE T'}]", "'request' needs 'method'"},
      {"[{get: /a, method: PUT}]", "'method' needs 'request'"},
      {"[{get: /a, capture: {x: {regex: '('}}}]", "is not a regular expression"},
      {"[{get: /a, capture: {x: {regex: a, header: b}}}]", "a place is a JSON path, or one of"},
      {"[{get: /a, expect: {body: {like: x}}}]", "like"},
      {"[{get: /a, expect: {json: {$.a: {like: x}}}}]", "{contains: TEXT} or {matches: EXPRESSION}"},
      {"[{get: /a, auth: {}}]", "either 'basic' or 'bearer'"},
      {"[{get: /a, auth: {bearer: x}, headers: {authorization: y}}]", "the header Authorization is set already"},
      {"[{get: /a, measure: {http_reqs: {value: $.a, unit: ms}}}]", "'http_reqs' is a metric of the harness"},
      {"[{get: /a, measure: {x: {value: $.a, unit: weeks}}}]", "weeks"},
      {"[{get: /a, tags: {status: x}}]", "the tag 'status' is set by the load engine"},
      {"[{get: /a, tags: {x: '${uuid()}'}}]", "variable 'uuid()' is not known in"},
      {"[{get: /a, name: 'x${uuid()}'}]", "variable 'uuid()' is not known in"},
      {"[{get: /a, redirects: 51}]", "50"},
      {"[{get: '/${request.body}'}]", "'request.body' can stand in headers only"},
      {"[{get: /a, headers: {X: '${request.path}'}}]", "headers may use request.body"},
      {"[{get: '/${float(2, 1)}'}]", "the lowest and the highest number"},
      {"[{get: '/${string(0)}'}]", "a length of 1 to 65536"},
      {"[{get: '/${now(weeks)}'}]", "ms, s or iso"},
      {"[{get: '/${hmac(a)}'}]", "it takes a key and a text"},
      {"[{get: '/${sha256(nothing)}'}]", "unknown variable 'nothing'"},
      {"[{get: '/${base64(''a}'}]", "${ is not closed by }"},
      {"[{think: {from: 2s, to: 1s}}, {get: /a}]", "'to' comes before 'from'"},
      {"[{websocket: /a, json: {x: 1}}]", "'json' does not go with 'websocket'"},
      {"[{get: /a, send: x}]", "'send' goes with websocket, grpc or publish only"},
      {"[{grpc: a.B/C}]", "a grpc step needs 'descriptors'"},
      {"[{grpc: a.B/C, descriptors: shops.csv}]", "is not a descriptor set"},
      {"[{publish: '', body: x}]", "publish needs the name of a topic"},
  };
  for (const Row& row : rows) {
    INFO(row.steps);
    const Compiled compiled =
        compile_text("flows:\n  a: " + std::string(row.steps) +
                     "\nload: {l: {executor: constant-arrival-rate, rate: 10/s, duration: 1s}}\n");
    CHECK_FALSE(compiled.plan);
    INFO(compiled.messages);
    CHECK(compiled.messages.find(row.message) != std::string::npos);
    CHECK(compiled.messages.find("scenario.yaml:2:") != std::string::npos);
  }
}

TEST_CASE("mistakes in feeders are told with their place") {
  struct Row {
    const char* data;
    const char* message;
  };
  const Row rows[] = {
      {"{file: DIRECTORY/shops.csv, pick: zipf(0)}", "an exponent above 0"},
      {"{file: DIRECTORY/shops.csv, pick: zipf(x)}", "an exponent above 0"},
      {"{file: DIRECTORY/shops.csv, pick: sequentail}", "sequential"},
      {"{file: DIRECTORY/shops.csv, format: ndjson}", "line 1: a row is one JSON object on one line"},
      {"{generate: {a: b}, format: csv}", "'format' needs 'file'"},
  };
  for (const Row& row : rows) {
    INFO(row.data);
    const Compiled compiled = compile_text(with_defaults("data: {d: " + std::string(row.data) + "}"));
    CHECK_FALSE(compiled.plan);
    INFO(compiled.messages);
    CHECK(compiled.messages.find(row.message) != std::string::npos);
  }
}

}  // namespace tidegate::loadgen
