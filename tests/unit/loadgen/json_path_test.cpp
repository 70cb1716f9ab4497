#include <string>

#include "loadgen/json_path.hpp"
#include "tests/support/catch.hpp"

namespace tidegate::loadgen {
namespace {

/// The value as text, or "<none>".
std::string found(const std::string& path, const std::string& json) {
  const auto compiled = JsonPath::parse(path);
  REQUIRE(compiled.ok());
  const auto slice = compiled->find(json);
  if (!slice) return "<none>";
  std::string text;
  slice->append_text(text);
  return text;
}

}  // namespace

TEST_CASE("paths find values") {
  struct Row {
    const char* what;
    const char* path;
    const char* json;
    const char* value;
  };
  const Row rows[] = {
      {"a member", "$.id", R"({"id":"p1","status":"processing"})", "p1"},
      {"a later member, spaces and line ends", "$.status", "{ \"id\" : \"p1\" ,\r\n\t\"status\" : \"ok\" }", "ok"},
      {"nested", "$.a.b.c", R"({"a":{"x":1,"b":{"c":true}}})", "true"},
      {"an element", "$.items[1].id", R"({"items":[{"id":1},{"id":2}]})", "2"},
      {"the root", "$", " 42 ", "42"},
      {"an element of the root", "$[0]", "[7]", "7"},
      {"a quoted name with a dot", "$['a.b']", R"({"a":1,"a.b":2})", "2"},
      {"a name with a dash", "$.x-y", R"({"x-y":3})", "3"},
      {"skipping strings that look like structure", "$.b", R"({"a":"}],{\"b\":1","b":2})", "2"},
      {"skipping collections", "$.z", R"({"a":[1,[2,{"z":0}],"]"],"b":{},"c":[],"z":9})", "9"},
      {"an object as it is", "$.a", R"({"a": {"b" : [1 , 2]} })", R"({"b" : [1 , 2]})"},
      {"null", "$.a", R"({"a":null})", "null"},
      {"a number as written", "$.a", R"({"a":-1.50E+3})", "-1.50E+3"},
      {"an escaped key", "$.ab", R"({"\u0061b":1})", "1"},
      {"escapes in the value", "$.a", R"({"a":"x\"\\\/\n\u00e9\ud83d\ude00"})", "x\"\\/\n\xC3\xA9\xF0\x9F\x98\x80"},
      {"a lone surrogate", "$.a", R"({"a":"\ud83dx"})", "\xEF\xBF\xBDx"},
      {"the first of equal keys", "$.a", R"({"a":1,"a":2})", "1"},
      {"what follows the value is not looked at", "$.a", R"({"a":1, oops)", "1"},
  };
  for (const Row& row : rows) {
    INFO(row.what);
    CHECK(found(row.path, row.json) == row.value);
  }
}

TEST_CASE("paths do not find what is not there, and survive what is not JSON") {
  struct Row {
    const char* what;
    const char* path;
    std::string json;
  };
  const Row rows[] = {
      {"nothing", "$.a", ""},
      {"HTML", "$.a", "<html>{\"a\":1}</html>"},
      {"another member", "$.a", R"({"b":1})"},
      {"an empty object", "$.a", "{}"},
      {"an empty array", "$[0]", "[]"},
      {"beyond the array", "$[2]", "[1,2]"},
      {"a member of a number", "$.a.b", R"({"a":1})"},
      {"a member of an array", "$.a", R"([{"a":1}])"},
      {"an element of an object", "$[0]", R"({"0":1})"},
      {"cut inside the value", "$.a", R"({"a":"12)"},
      {"cut inside a skipped value", "$.b", R"({"a":[1,2)"},
      {"no colon", "$.a", R"({"a" 1})"},
      {"no comma", "$.b", R"({"a":1 "b":2})"},
      {"a key without quotes", "$.a", "{a:1}"},
      {"a control character in a string", "$.a", std::string("{\"a\":\"x\ny\"}")},
      {"an unknown escape", "$.a", R"({"a":"\q"})"},
      {"half an escape", "$.a", R"({"a":"\u12"})"},
      {"a number that ends early", "$.a", R"({"a":-})"},
      {"a fraction without digits", "$.a", R"({"a":1.})"},
      {"an exponent without digits", "$.a", R"({"a":1e})"},
      {"a word that is none", "$.a", R"({"a":trux})"},
      {"nested beyond all reason", "$.a", "{\"b\":" + std::string(10'000, '[')},
      {"a key of zero bytes in hostile input", "$.a", std::string("{\"\0\":1}", 7)},
  };
  for (const Row& row : rows) {
    INFO(row.what);
    CHECK(found(row.path, row.json) == "<none>");
  }
}

TEST_CASE("a text cut anywhere gives a value or none") {
  const std::string json = R"({"a":[{"b":"x\u00e9"},-1.5e2,true,null],"c":{"d":"end"}})";
  const auto path = JsonPath::parse("$.c.d");
  for (std::size_t length = 0; length < json.size() - 3; ++length) CHECK_FALSE(path->find(json.substr(0, length)));
  CHECK(path->find(json));
}

TEST_CASE("paths that are refused say why") {
  const char* const rows[] = {
      "",       // nothing
      "id",     // no $
      "$id",    // no dot
      "$.",     // no name
      "$..id",  // search in depth
      "$.*",    // wildcards
      "$[",    "$[x]", "$[-1]", "$[1", "$['a'", "$['a", "$.a b", "$.a]", "$[99999999999999999999]",
  };
  for (const char* row : rows) {
    INFO(row);
    const auto path = JsonPath::parse(row);
    REQUIRE_FALSE(path.ok());
    CHECK(path.error().message.find("not a JSON path") != std::string::npos);
  }
}

TEST_CASE("texts become JSON strings that nothing breaks out of") {
  const auto escaped = [](std::string_view text) {
    std::string out;
    append_json_escaped(out, text);
    return out;
  };
  CHECK(escaped("plain") == "plain");
  CHECK(escaped("a\"b\\c") == R"(a\"b\\c)");
  CHECK(escaped("\n\x01\x1f") == R"(\u000a\u0001\u001f)");
  CHECK(escaped("\xC3\xA9") == "\xC3\xA9");
  CHECK(escaped("\xFFx\xC3") == "\xEF\xBF\xBDx\xEF\xBF\xBD");  // not UTF-8
}

}  // namespace tidegate::loadgen
