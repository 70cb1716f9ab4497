#include "reports/visible_text.hpp"

#include "tests/support/catch.hpp"

using namespace tidegate::reports;

TEST_CASE("texts that others wrote cannot command the terminal") {
  const std::string r = "\xef\xbf\xbd";
  const std::pair<std::string, std::string> rows[] = {
      {"plain", "plain"},
      {"caf\xc3\xa9 \xe2\x82\xac", "caf\xc3\xa9 \xe2\x82\xac"},
      {"\x1b[2J\x1b]0;title\x07", r + "[2J" + r + "]0;title" + r},  // clear screen, set title
      {"a\nb\tc\rd", "a b c" + r + "d"},                            // a line may not be forged or overwritten
      {std::string("nul\0byte", 8), "nul" + r + "byte"},
      {"\xc2\x9b"
       "31m",
       r + "31m"},  // C1 control sequence introducer
      {"\xe2\x80\xae"
       "drowssap",
       r + "drowssap"},  // right-to-left override
      {"zero\xe2\x80\x8bwidth\xef\xbb\xbf", "zero" + r + "width" + r},
      {"\xff\xfe", r + r},  // no UTF-8 at all
      {"\xe2\x82", r + r},  // cut inside a character
  };
  for (const auto& [text, want] : rows) CHECK(visible_text(text) == want);
}

TEST_CASE("width counts columns, not bytes") {
  CHECK(column_width("") == 0);
  CHECK(column_width("abc") == 3);
  CHECK(column_width("\xc3\xa9") == 1);                  // é
  CHECK(column_width("e\xcc\x81") == 1);                 // e and a combining accent
  CHECK(column_width("\xe6\x97\xa5\xe6\x9c\xac") == 4);  // two wide characters
  CHECK(column_width("\xf0\x9f\x92\xa5") == 2);          // an emoji
}

TEST_CASE("wrapping keeps every word and the width") {
  using Lines = std::vector<std::string>;
  CHECK(wrapped("", 10) == Lines{""});
  CHECK(wrapped("one two three", 7) == Lines{"one two", "three"});
  CHECK(wrapped("one two", 7) == Lines{"one two"});
  CHECK(wrapped("abcdefghij", 4) == Lines{"abcd", "efgh", "ij"});  // no space to break at
  CHECK(wrapped("ab   cd", 3) == Lines{"ab ", "cd"});
  CHECK(wrapped("\xe6\x97\xa5\xe6\x9c\xac", 1) ==
        Lines{"\xe6\x97\xa5", "\xe6\x9c\xac"});  // wider than the width: still ends
}

TEST_CASE("shortening marks what it cut") {
  CHECK(shortened("abc", 3) == "abc");
  CHECK(shortened("abcd", 3) == "ab…");
  CHECK(shortened("abcd", 1) == "…");
  CHECK(shortened("\xe6\x97\xa5\xe6\x9c\xac", 3) == "\xe6\x97\xa5…");
}
