#include "base/trace_id.hpp"

#include <set>

#include "tests/support/catch.hpp"

using namespace tidegate;

TEST_CASE("a traceparent is whole, the same for the same key, and another for another") {
  const std::string text = traceparent_for("order-7");
  REQUIRE(text.size() == 55);
  CHECK(text.substr(0, 3) == "00-");
  CHECK(text.substr(3, 32) == trace_id_for("order-7"));
  CHECK(text[35] == '-');
  CHECK(text.substr(52) == "-01");
  CHECK(text.substr(3, 32).find_first_not_of("0123456789abcdef") == std::string::npos);
  CHECK(text.substr(36, 16).find_first_not_of("0123456789abcdef") == std::string::npos);
  CHECK(traceparent_for("order-7") == text);
  std::set<std::string> seen;
  for (int i = 0; i < 1000; ++i) seen.insert(trace_id_for(std::to_string(i)));
  seen.insert(trace_id_for(""));
  CHECK(seen.size() == 1001);
  CHECK_FALSE(seen.contains(std::string(32, '0')));
}
