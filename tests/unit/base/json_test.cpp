#include "base/json.hpp"

#include "tests/support/catch.hpp"

namespace tidegate {
namespace {

std::string nested(int depth) {
  return std::string(static_cast<std::size_t>(depth), '[') + std::string(static_cast<std::size_t>(depth), ']');
}

yaml::Node from_yaml(std::string_view text) {
  Diagnostics diagnostics;
  yaml::Node node = yaml::parse(text, "test.yaml", diagnostics);
  REQUIRE(diagnostics.text().empty());
  return node;
}

}  // namespace

TEST_CASE("valid JSON is parsed, to its last digit") {
  CHECK(parse_json("9223372036854775807")->as_int64() == 9223372036854775807);
  CHECK(parse_json("18446744073709551615")->as_uint64() == 18446744073709551615ULL);
  CHECK(parse_json("-9223372036854775808")->as_int64() == std::numeric_limits<std::int64_t>::min());
  CHECK(parse_json(" {\"a\": [1.5e300, \"99999999999999999999\", \"\\\"123456789012345678901234\"]} ").ok());
  CHECK(parse_json(nested(32)).ok());
}

TEST_CASE("invalid JSON is refused") {
  const std::string rows[] = {
      "",
      " ",  // nothing
      "{} {}",
      "1 2",  // more than one
      "{\"a\":1,}",
      "[1,]",  // a comma too many
      "{a: 1}",
      "'a'",  // not JSON's quotes
      "{\"a\":",
      "[1",
      "\"a",  // cut short
      "nan",
      "NaN",
      "Infinity",
      "01",
      "+1",
      ".5",
      "1.",
      "\"\xff\"",     // not UTF-8
      "\"\\ud800\"",  // half a surrogate pair
      nested(33),
      nested(100'000),
      "18446744073709551616",  // one over 64 bits; Boost.JSON would make it a rounded double
      "-9223372036854775809",
      "[1, {\"a\": 123456789012345678901234567890}]",
      "1e400",
      "-1e99999",  // no double is that large
      "[\"\\\"\", 1e400]",
      "[\"\\\\\", 1e400]",
      "{\"a\\\\\\\"b\": 1e400}",  // after strings with quotes and backslashes
  };
  for (const auto& row : rows) {
    CAPTURE(row.substr(0, 60));
    const auto parsed = parse_json(row);
    REQUIRE_FALSE(parsed.ok());
    CHECK(parsed.error().kind == Error::Kind::protocol);
    CHECK(parsed.error().message.find("JSON") != std::string::npos);
  }
}

TEST_CASE("what only looks like a number stays text") {
  for (const char* text : {R"("1e400")", R"(["\"1e400", "18446744073709551616\\"])", R"({"\\1e400\"": "\\\"1e400"})"}) {
    CAPTURE(text);
    const auto parsed = parse_json(text);
    REQUIRE(parsed.ok());
    CHECK(json::serialize(*parsed).find("1e400") != std::string::npos);
  }
}

TEST_CASE("pretty JSON keeps order and numbers") {
  const json::value value = {
      {"zeta", 1},        {"alpha", {1.5, true, nullptr}}, {"empty", json::object{}}, {"share", 0.9995}, {"whole", 5.0},
      {"text", "a\"b\n"}, {"none", json::array{}}};
  CHECK(pretty_json(value) ==
        "{\n  \"zeta\": 1,\n  \"alpha\": [\n    1.5,\n    true,\n    null\n  ],\n  \"empty\": {},\n"
        "  \"share\": 0.9995,\n  \"whole\": 5.0,\n  \"text\": \"a\\\"b\\n\",\n  \"none\": []\n}\n");
  CHECK(*parse_json(pretty_json(value)) == value);
}

TEST_CASE("pretty JSON of what no JSON number can be is null") {
  CHECK(pretty_json(std::numeric_limits<double>::infinity()) == "null\n");
  CHECK(pretty_json(std::nan("")) == "null\n");
}

TEST_CASE("unquoted YAML scalars become what they read as") {
  struct Row {
    const char *yaml, *json;
  };
  const auto row = GENERATE(
      Row{"5", "5"}, Row{"-17", "-17"}, Row{"1.5", "1.5E0"}, Row{"true", "true"}, Row{"false", "false"},
      Row{"null", "null"}, Row{"~", "null"}, Row{"'5'", "\"5\""}, Row{"\"true\"", "\"true\""}, Row{"yes", "\"yes\""},
      Row{"on", "\"on\""}, Row{"True", "\"True\""},                               // no YAML 1.1 booleans
      Row{"007", "\"007\""}, Row{"0x10", "\"0x10\""}, Row{"1_000", "\"1_000\""},  // nor its numbers
      Row{".5", "\".5\""}, Row{"5.", "\"5.\""}, Row{".inf", "\".inf\""}, Row{"1e", "\"1e\""},
      Row{"99999999999999999999", "\"99999999999999999999\""},  // too long to keep exactly, so the text is kept
      Row{"18446744073709551615", "18446744073709551615"}, Row{"1e400", "\"1e400\""}, Row{"300ms", "\"300ms\""},
      Row{"[1, [a]]", "[1,[\"a\"]]"}, Row{"{b: 1, a: {}}", "{\"b\":1,\"a\":{}}"}, Row{"'null'", "\"null\""});
  CAPTURE(row.yaml);
  CHECK(json::serialize(to_json(from_yaml(row.yaml))) == row.json);
}

TEST_CASE("members are read only as what they are") {
  const auto parsed = *parse_json(R"({"s":"x","i":-3,"u":18446744073709551615,"d":1.5,"b":true,"n":null,"e":""})");
  const json::object& object = parsed.as_object();
  CHECK(string_member(object, "s") == "x");
  CHECK(string_member(object, "e") == "");
  CHECK_FALSE(string_member(object, "i"));
  CHECK_FALSE(string_member(object, "n"));
  CHECK_FALSE(string_member(object, "absent"));
  CHECK(integer_member(object, "i") == -3);
  CHECK_FALSE(integer_member(object, "u"));  // beyond int64
  CHECK_FALSE(integer_member(object, "d"));
  CHECK(number_member(object, "i") == -3.0);
  CHECK(number_member(object, "d") == 1.5);
  CHECK(number_member(object, "u") == 18446744073709551615.0);
  CHECK_FALSE(number_member(object, "s"));
  CHECK(boolean_member(object, "b") == true);
  CHECK_FALSE(boolean_member(object, "i"));
}

}  // namespace tidegate
