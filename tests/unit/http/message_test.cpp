#include "base/http/message.hpp"

#include "base/http/parse_error.hpp"
#include "base/json.hpp"
#include "tests/support/catch.hpp"

using namespace tidegate;
using namespace tidegate::http;

TEST_CASE("percent-decoding") {
  const std::pair<std::string, std::string> rows[] = {
      {"", ""},
      {"abc", "abc"},
      {"%41%62%2f", "Ab/"},
      {"%C3%a9", "\xc3\xa9"},
      {"a+b", "a+b"},  // a plus is a plus
      {"%", "%"},      // nothing follows
      {"%4", "%4"},    // one digit
      {"%4g", "%4g"},  // not a digit
      {"%%41", "%A"},  // only the second is one
      {"%00", std::string(1, '\0')},
  };
  for (const auto& [text, decoded] : rows) CHECK(percent_decode(text) == decoded);
}

TEST_CASE("percent-encoding decodes to itself") {
  CHECK(percent_encode("aZ09-._~") == "aZ09-._~");
  CHECK(percent_encode("a b/\xc3\xa9+%") == "a%20b%2F%C3%A9%2B%25");
  std::string all;
  for (int c = 0; c < 256; ++c) all += static_cast<char>(c);
  CHECK(percent_decode(percent_encode(all)) == all);
}

TEST_CASE("query parameters") {
  Request request;
  request.query = "wait=30s&a=1&a=2&empty=&flag&n%61me=v%26w&=x";
  CHECK(request.query_parameter("wait") == "30s");
  CHECK(request.query_parameter("a") == "1");  // the first one
  CHECK(request.query_parameter("empty") == "");
  CHECK(request.query_parameter("flag") == "");
  CHECK(request.query_parameter("name") == "v&w");  // both sides are decoded, after the split
  CHECK(request.query_parameter("") == "x");
  CHECK_FALSE(request.query_parameter("wai").has_value());
  request.query = "";
  CHECK_FALSE(request.query_parameter("").has_value());
}

TEST_CASE("URLs") {
  struct Row {
    std::string text, scheme, host, port, target;
  };
  const Row rows[] = {
      {"http://h", "http", "h", "80", "/"},
      {"http://h/", "http", "h", "80", "/"},
      {"HTTP://127.0.0.1:8080/a/b?c=d", "http", "127.0.0.1", "8080", "/a/b?c=d"},
      {"https://h/x", "https", "h", "443", "/x"},
      {"http://h?q", "http", "h", "80", "/?q"},  // no path
      {"http://h:1#f", "http", "h", "1", "/"},   // the fragment is dropped
      {"http://h/a#f?g", "http", "h", "80", "/a"},
      {"http://[::1]:9/", "http", "::1", "9", "/"},
      {"http://[::1]", "http", "::1", "80", "/"},
      {"http://h:/", "", "", "", ""},  // an empty port
      {"http://h:0/", "", "", "", ""},
      {"http://h:65536/", "", "", "", ""},
      {"http://h:-1/", "", "", "", ""},
      {"http://h:8a/", "", "", "", ""},
      {"http://h:80:80/", "", "", "", ""},
      {"http://user@h/", "", "", "", ""},  // user information
      {"http:///a", "", "", "", ""},       // no host
      {"http://", "", "", "", ""},
      {"http://[::1", "", "", "", ""},
      {"http://[::1]x", "", "", "", ""},
      {"http://h/a b", "", "", "", ""},  // needs encoding
      {"http://h/\r\nX: y", "", "", "", ""},
      {"h:80/a", "", "", "", ""},  // no scheme
      {"ftp://h/", "", "", "", ""},
      {"", "", "", "", ""},
  };
  for (const Row& row : rows) {
    INFO(row.text);
    const std::optional<Url> url = parse_url(row.text);
    REQUIRE(url.has_value() == !row.scheme.empty());
    if (!url) continue;
    CHECK(url->scheme == row.scheme);
    CHECK(url->host == row.host);
    CHECK(url->port == row.port);
    CHECK(url->target == row.target);
  }
  CHECK(host_and_port("h", 1) == "h:1");
  CHECK(host_and_port("::1", 1) == "[::1]:1");
}

TEST_CASE("header names compare without case, and only letters have one") {
  CHECK(same_name("Content-Type", "content-tYPE"));
  CHECK_FALSE(same_name("a", "ab"));
  CHECK_FALSE(same_name("[", "{"));  // 0x20 apart, as letters are
  Response response;
  response.headers = {{"Location", "/a"}, {"location", "/b"}};
  REQUIRE(response.header("LOCATION") != nullptr);
  CHECK(*response.header("LOCATION") == "/a");
  CHECK(response.header("x") == nullptr);
}

TEST_CASE("a problem document is valid JSON whatever the detail holds") {
  for (const std::string& detail : {std::string("plain"), std::string("\"\\\n\x01/"), std::string("\xc3\xa9")}) {
    const Response response = problem(404, detail);
    CHECK(response.status == 404);
    CHECK(response.content_type == "application/problem+json");
    const Result<json::value> parsed = parse_json(response.body);
    REQUIRE(parsed.ok());
    CHECK(string_member(parsed->as_object(), "detail") == detail);
    CHECK(string_member(parsed->as_object(), "title") == "Not Found");
    CHECK(integer_member(parsed->as_object(), "status") == 404);
  }
  const Result<json::value> replaced = parse_json(problem(400, "a\xff\xc3").body);  // not UTF-8
  REQUIRE(replaced.ok());
  CHECK(string_member(replaced->as_object(), "detail") == "a\xef\xbf\xbd\xef\xbf\xbd");
}

TEST_CASE("reason phrases and error names") {
  CHECK(reason_phrase(202) == "Accepted");
  CHECK(reason_phrase(431) == "Request Header Fields Too Large");
  CHECK(reason_phrase(299) == "Unknown");
  CHECK(to_string(ParseError::bad_chunk) == "bad_chunk");
  CHECK(to_string(ParseError::early_close) == "early_close");
}
