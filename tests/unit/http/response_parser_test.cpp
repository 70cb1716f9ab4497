#include "tests/unit/http/parser_checks.hpp"

using namespace tidegate::http;

namespace {

struct Row {
  const char* why;
  std::string stream;
  std::string outcome;
};

std::string ok(const std::string& fields, const std::string& body) {
  return "HTTP/1.1 200 OK\r\n" + fields + "\r\n" + body;
}
std::string chunked(const std::string& body) {
  return ok("Transfer-Encoding: chunked\r\n", body);
}

void check(const std::vector<Row>& rows, ResponseParser::Options options = {}) {
  for (const Row& row : rows) {
    INFO(row.why);
    CHECK(parse_responses(row.stream, options) == row.outcome);
  }
}

}  // namespace

TEST_CASE("responses that are well formed") {
  check({
      {"by length", ok("Content-Length: 2\r\n", "ab"), "[200|Content-Length=2;|ab|2|keep]end"},
      {"no body", ok("Content-Length: 0\r\n", ""), "[200|Content-Length=0;||0|keep]end"},
      {"no reason", "HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n", "[200|Content-Length=0;||0|keep]end"},
      {"a reason with bytes above ASCII", "HTTP/1.1 404 \xc3\xa9 \t!\r\nContent-Length: 0\r\n\r\n",
       "[404|Content-Length=0;||0|keep]end"},
      {"a status nobody knows", "HTTP/1.1 799 x\r\nContent-Length: 0\r\n\r\n", "[799|Content-Length=0;||0|keep]end"},
      {"chunked", chunked("1\r\na\r\n02;x\r\nbc\r\n0\r\nT: x\r\n\r\n"),
       "[200|Transfer-Encoding=chunked;|abc|3|keep]end"},
      {"HTTP/1.0 closes", "HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\na", "[200|Content-Length=1;|a|1|close]end"},
      {"HTTP/1.0 may keep", "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 1\r\n\r\na",
       "[200|Connection=keep-alive;Content-Length=1;|a|1|keep]end"},
      {"HTTP/1.1 may close", ok("Connection: close\r\nContent-Length: 1\r\n", "a"),
       "[200|Connection=close;Content-Length=1;|a|1|close]end"},
      {"close wins", ok("Connection: keep-alive\r\nConnection: a, close\r\nContent-Length: 0\r\n", ""),
       "[200|Connection=keep-alive;Connection=a, close;Content-Length=0;||0|close]end"},
      {"to the end of the connection", ok("", "abc"), "[200||abc|3|close]"},
      {"the same, with nothing in it", ok("", ""), "[200|||0|close]"},
      {"204 has no body, whatever it says", "HTTP/1.1 204 x\r\nContent-Length: 5\r\n\r\n",
       "[204|Content-Length=5;||0|keep]end"},
      {"304 neither", "HTTP/1.1 304 x\r\nContent-Length: 5\r\n\r\n", "[304|Content-Length=5;||0|keep]end"},
      {"205 may", "HTTP/1.1 205 x\r\nContent-Length: 1\r\n\r\na", "[205|Content-Length=1;|a|1|keep]end"},
      {"100 is skipped", "HTTP/1.1 100 Continue\r\n\r\n" + ok("Content-Length: 1\r\n", "a"),
       "[200|Content-Length=1;|a|1|keep]end"},
      {"so are 102 and 103, with their fields",
       "HTTP/1.1 102 x\r\nContent-Length: 9\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" +
           ok("Content-Length: 1\r\n", "a"),
       "[200|Content-Length=1;|a|1|keep]end"},
      {"an interim Connection: close is not the answer's",
       "HTTP/1.1 100 x\r\nConnection: close\r\n\r\n" + ok("Content-Length: 0\r\n", ""),
       "[200|Content-Length=0;||0|keep]end"},
      {"101 ends the use of the connection", "HTTP/1.1 101 x\r\nUpgrade: y\r\n\r\n", "[101|Upgrade=y;||0|close]end"},
      {"two in one stream", ok("Content-Length: 1\r\n", "a") + chunked("0\r\n\r\n"),
       "[200|Content-Length=1;|a|1|keep][200|Transfer-Encoding=chunked;||0|keep]end"},
  });
}

TEST_CASE("responses that the peer's close cuts short") {
  check({
      {"nothing at all", "", "end"},
      {"inside the status line", "HTTP/1.1 2", "failed early_close"},
      {"inside the head", "HTTP/1.1 200 OK\r\nContent-Le", "failed early_close"},
      {"after an interim answer", "HTTP/1.1 100 Continue\r\n\r\n", "failed early_close"},
      {"inside a body by length", ok("Content-Length: 3\r\n", "ab"), "failed early_close"},
      {"inside a chunk", chunked("3\r\nab"), "failed early_close"},
      {"between chunks", chunked("2\r\nab\r\n"), "failed early_close"},
      {"inside the end of the last chunk", chunked("0\r\n\r"), "failed early_close"},
  });
  ResponseParser parser;
  CHECK_FALSE(parser.started());
  CHECK(parser.finish() == ParseStatus::failed);
  CHECK(parser.error() == ParseError::early_close);
}

TEST_CASE("responses that are wrong") {
  check({
      {"not HTTP", "SSH-2.0-OpenSSH_9.2\r\n", "failed bad_start_line"},
      {"another protocol's name", "HTTQ/1.1 200 OK\r\n\r\n", "failed bad_start_line"},
      {"a bare line feed", "HTTP/1.1 200 OK\nContent-Length: 0\n\n", "failed bad_start_line"},
      {"a bare carriage return", "HTTP/1.1 200 OK\rX\r\n\r\n", "failed bad_start_line"},
      {"an empty line before it", "\r\nHTTP/1.1 200 OK\r\n\r\n", "failed bad_start_line"},
      {"two digits", "HTTP/1.1 20 OK\r\n\r\n", "failed bad_start_line"},
      {"four", "HTTP/1.1 2000 OK\r\n\r\n", "failed bad_start_line"},
      {"below 100", "HTTP/1.1 099 x\r\n\r\n", "failed bad_start_line"},
      {"a sign", "HTTP/1.1 -20 x\r\n\r\n", "failed bad_start_line"},
      {"no space after the status", "HTTP/1.1 200\r\n\r\n", "failed bad_start_line"},
      {"a control in the reason", "HTTP/1.1 200 O\x01K\r\n\r\n", "failed bad_start_line"},
      {"HTTP/2", "HTTP/2 200\r\n\r\n", "failed bad_version"},
      {"HTTP/3.0", "HTTP/3.0 200 OK\r\n\r\n", "failed bad_version"},
      {"a space before the colon", ok("A : b\r\n", ""), "failed bad_header"},
      {"a folded line", ok("A: b\r\n c\r\n", ""), "failed bad_header"},
      {"a bare line feed in the head", ok("A: b\nC: d\r\n", ""), "failed bad_header"},
      {"a null byte", ok(std::string("A: \0\r\n", 6), ""), "failed bad_header"},
      {"no number", ok("Content-Length: a\r\n", ""), "failed bad_content_length"},
      {"negative", ok("Content-Length: -5\r\n", ""), "failed bad_content_length"},
      {"two that differ", ok("Content-Length: 5\r\nContent-Length: 6\r\n", ""), "failed bad_content_length"},
      {"length and chunked", ok("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", ""),
       "failed conflicting_framing"},
      {"chunked in HTTP/1.0", "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "failed conflicting_framing"},
      {"gzip as a transfer coding", ok("Transfer-Encoding: gzip, chunked\r\n", ""), "failed unknown_transfer_coding"},
      {"a bad size", chunked("zz\r\n"), "failed bad_chunk"},
      {"a chunk that overflows", chunked("fffffffffffffffff\r\n"), "failed bad_chunk"},
      {"a chunk longer than its size", chunked("1\r\nab\r\n"), "failed bad_chunk"},
      {"a bad interim answer", "HTTP/1.1 100 x\r\nA\r\n\r\n", "failed bad_header"},
      {"more after an answer without a body", "HTTP/1.1 204 x\r\n\r\nab", "[204|||0|keep]failed bad_start_line"},
  });
}

TEST_CASE("responses beyond the limits") {
  const ResponseParser::Options options{{64, 2, 4}, true};
  check(
      {
          {"a head too long", ok("A: " + std::string(64, 'x') + "\r\n", ""), "failed header_too_large"},
          {"too many fields", ok("A:\r\nB:\r\nC:\r\n", ""), "failed too_many_headers"},
          {"a length", ok("Content-Length: 5\r\n", "abcde"), "failed body_too_large"},
          {"chunks", chunked("3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"), "failed body_too_large"},
          {"to the end of the connection", ok("", "abcde"), "failed body_too_large"},
          {"the limit itself", ok("", "abcd"), "[200||abcd|4|close]"},
          {"each interim head has the limit for itself",
           "HTTP/1.1 100 x\r\n\r\nHTTP/1.1 100 x\r\n\r\nHTTP/1.1 100 x\r\n\r\n" + ok("Content-Length: 0\r\n", ""),
           "[200|Content-Length=0;||0|keep]end"},
      },
      options);
}

TEST_CASE("a body that is not kept is counted, and has no limit") {
  const ResponseParser::Options options{{64, 2, 4}, false};
  check(
      {
          {"by length", ok("Content-Length: 5\r\n", "abcde"), "[200|Content-Length=5;||5|keep]end"},
          {"chunked", chunked("5\r\nabcde\r\n1\r\nf\r\n0\r\n\r\n"), "[200|Transfer-Encoding=chunked;||6|keep]end"},
          {"to the end of the connection", ok("", "abcde"), "[200|||5|close]"},
      },
      options);
}

TEST_CASE("the answer to HEAD has no body") {
  ResponseParser parser;
  parser.reset(true);
  std::size_t consumed = 0;
  const std::string stream = ok("Content-Length: 5\r\n", "");
  REQUIRE(parser.feed(stream, consumed) == ParseStatus::done);
  CHECK(consumed == stream.size());
  CHECK(parser.keep_alive());
  parser.reset(true);  // also when it says chunked
  REQUIRE(parser.feed(chunked(""), consumed) == ParseStatus::done);
  parser.reset();  // and the next one is not HEAD
  CHECK(parser.feed(stream, consumed) == ParseStatus::need_more);
}

TEST_CASE("a response stays readable until reset, whatever becomes of the bytes that were fed") {
  ResponseParser parser;
  std::size_t consumed = 0;
  std::string stream = ok("X-A: 1\r\nx-a: 2\r\nContent-Length: 2\r\n", "ab") + "next";
  REQUIRE(parser.feed(stream, consumed) == ParseStatus::done);
  CHECK(consumed == stream.size() - 4);
  std::fill(stream.begin(), stream.end(), '!');
  CHECK(parser.header("x-A").value_or("") == "1");
  CHECK_FALSE(parser.header("x-b").has_value());
  CHECK(parser.body() == "ab");
  CHECK(parser.feed("HTTP/1.1", consumed) == ParseStatus::done);  // the next response is for after reset
  CHECK(consumed == 0);
  CHECK(parser.take_body() == "ab");
}

TEST_CASE("after a failure there are no header fields to trip over") {
  ResponseParser parser;
  std::size_t consumed = 0;
  REQUIRE(parser.feed(ok("A: b\r\nC : d\r\n", ""), consumed) == ParseStatus::failed);
  CHECK_FALSE(parser.header("a").has_value());
  CHECK(parser.headers().empty());
  CHECK_FALSE(parser.keep_alive());
}
