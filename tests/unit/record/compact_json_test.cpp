#include "record/compact_json.hpp"

#include <limits>

#include "tests/support/catch.hpp"

using namespace tidegate;
using namespace tidegate::record;

TEST_CASE("compact JSON writes numbers as people do and stays readable whatever the text") {
  const std::pair<json::value, const char*> rows[] = {
      {16.5, "16.5"},
      {0.1, "0.1"},
      {1e21, "1e+21"},                                     // still JSON
      {std::numeric_limits<double>::quiet_NaN(), "null"},  // JSON has no word for it
      {std::numeric_limits<double>::infinity(), "null"},
      {std::uint64_t{18446744073709551615ULL}, "18446744073709551615"},
      {std::int64_t{-9223372036854775807LL - 1}, "-9223372036854775808"},
      {"a\"b\\c", "\"a\\\"b\\\\c\""},
      {json::string("nul\0\n\x7f", 6), "\"nul\\u0000\\u000a\\u007f\""},
      {"\xff\xc3\xa9\xc3", "\"\xef\xbf\xbd\xc3\xa9\xef\xbf\xbd\""},  // stray byte, é, torn é
      {json::array{}, "[]"},
      {json::object{}, "{}"},
      {json::object{{"a", json::array{1, nullptr, true}}, {"b", json::object{{"c", "d"}}}},
       "{\"a\":[1,null,true],\"b\":{\"c\":\"d\"}}"},
  };
  for (const auto& [value, want] : rows) {
    const std::string have = compact_json(value);
    CHECK(have == want);
    CHECK(parse_json(have).ok());
  }
}

TEST_CASE("every text and key inside a value can be made valid UTF-8") {
  json::value value = json::object{{"k\xff", json::array{"v\xe2\x82", 1}}, {"fine", "\xe2\x82\xac"}};
  make_valid_utf8(value);
  CHECK(value == json::value(json::object{{"k\xef\xbf\xbd", json::array{"v\xef\xbf\xbd\xef\xbf\xbd", 1}},
                                          {"fine", "\xe2\x82\xac"}}));
}
