#include <regex>

#include "base/schema.hpp"
#include "tests/support/catch.hpp"

namespace tidegate::schema {
namespace {

/// Whether the JSON Schema of a quantity takes the text: any pattern of its anyOf is found in it.
bool pattern_takes(const TypePointer& type, const std::string& text) {
  const json::value schema = to_json_schema(*type);
  for (const auto& alternative : schema.as_object().at("anyOf").as_array()) {
    const json::object& object = alternative.as_object();
    const auto shortest = integer_member(object, "minLength").value_or(0);
    const std::regex pattern(*string_member(object, "pattern"), std::regex::ECMAScript);
    if (static_cast<std::int64_t>(text.size()) >= shortest && std::regex_search(text, pattern)) return true;
  }
  return false;
}

}  // namespace

TEST_CASE("an object becomes a closed JSON object with its words") {
  const auto type =
      object({required("name", text("the type's words"), "the field's words"), optional("port", integer(1, 65535)),
              optional("tags", list_of(text())), optional("env", map_of(text()))},
             "a process");
  const json::value have = to_json_schema(*type);
  const json::value want = *parse_json(R"({
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "properties": {
      "name": {"type": ["string", "number", "boolean"], "description": "the field's words"},
      "port": {"anyOf": [{"type": "integer", "minimum": 1, "maximum": 65535}, {"type": "string", "pattern": "\\$\\{"}]},
      "tags": {"type": "array", "items": {"type": ["string", "number", "boolean"]}},
      "env": {"type": "object", "additionalProperties": {"type": ["string", "number", "boolean"]}}
    },
    "additionalProperties": false,
    "required": ["name"],
    "description": "a process"
  })");
  CHECK(pretty_json(have) == pretty_json(want));
}

TEST_CASE("the other kinds") {
  const auto schema = [](const TypePointer& type) {
    json::object object = to_json_schema(*type).as_object();
    object.erase("$schema");
    return json::serialize(object);
  };
  CHECK(schema(any()) == "{}");
  CHECK(schema(any("words")) == R"({"description":"words"})");
  CHECK(schema(choice({"a", "b"})) == R"({"anyOf":[{"enum":["a","b"]},{"type":"string","pattern":"\\$\\{"}]})");
  CHECK(schema(boolean()) == R"({"anyOf":[{"type":"boolean"},{"type":"string","pattern":"\\$\\{"}]})");
  CHECK(schema(number(0.5)) == R"({"anyOf":[{"type":"number","minimum":5E-1},{"type":"string","pattern":"\\$\\{"}]})");
  CHECK(schema(one_of({list_of(any()), object({})})) ==
        R"({"anyOf":[{"type":"array","items":{}},{"type":"object","properties":{},"additionalProperties":false}]})");
}

TEST_CASE("the patterns take what the parser takes and nothing else") {
  for (const std::string text :
       {"300ms", "1.5s", "1m30s", "30d", "250us", "", "5", "s", "5 s", "30s1m", "1.s", "5min"}) {
    CAPTURE(text);
    CHECK(pattern_takes(duration(), text) == parse_duration(text).ok());
  }
  for (const std::string text : {"400/s", "30/m", "0.5/h", "400", "/s", "1/d", "400/ss"}) {
    CAPTURE(text);
    CHECK(pattern_takes(rate(), text) == parse_rate(text).ok());
  }
  for (const std::string text : {"99.95%", "0%", "5", "%", "5%%", "-1%"}) {
    CAPTURE(text);
    CHECK(pattern_takes(share(), text) == parse_share(text).ok());
  }
  for (const std::string text : {"1B", "64KiB", "10MB", "1GiB", "1TB", "1kB", "1KB", "64K", "1kiB", "B"}) {
    CAPTURE(text);
    CHECK(pattern_takes(bytes(), text) == parse_bytes(text).ok());
  }
  // Variables are filled in before the check, so an editor must let them stand anywhere.
  CHECK(pattern_takes(duration(), "${warmup}"));
}

}  // namespace tidegate::schema
