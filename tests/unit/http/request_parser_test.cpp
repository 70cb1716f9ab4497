#include "tests/unit/http/parser_checks.hpp"

using namespace tidegate::http;

namespace {

struct Row {
  const char* why;
  std::string stream;
  std::string outcome;
};

std::string get(const std::string& fields) {
  return "GET / HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n";
}
std::string post(const std::string& fields, const std::string& body) {
  return "POST /p HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n" + body;
}
std::string chunked(const std::string& body) {
  return post("Transfer-Encoding: chunked\r\n", body);
}
const std::string chunked_head = "[POST|/p|/p||Host=a;Transfer-Encoding=chunked;|";

std::string repeated(const std::string& part, int times) {
  std::string out;
  for (int i = 0; i < times; ++i) out += part;
  return out;
}

void check(const std::vector<Row>& rows, Limits limits = {}) {
  for (const Row& row : rows) {
    INFO(row.why);
    CHECK(parse_requests(row.stream, limits) == row.outcome);
  }
}

}  // namespace

TEST_CASE("requests that are well formed") {
  check({
      {"the smallest", "GET / HTTP/1.1\r\nHost: a\r\n\r\n", "[GET|/|/||Host=a;||keep]end"},
      {"HTTP/1.0 closes and needs no Host", "GET / HTTP/1.0\r\n\r\n", "[GET|/|/||||close]end"},
      {"HTTP/1.0 may keep", "GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n",
       "[GET|/|/||Connection=Keep-Alive;||keep]end"},
      {"a later minor version is 1.1", "GET / HTTP/1.7\r\nHost: a\r\n\r\n", "[GET|/|/||Host=a;||keep]end"},
      {"close, in a list, in any case", get("Connection: x , CLOSE\r\n"),
       "[GET|/|/||Host=a;Connection=x , CLOSE;||close]end"},
      {"a query", "GET /a/b?c=d&e HTTP/1.1\r\nHost: a\r\n\r\n", "[GET|/a/b?c=d&e|/a/b|c=d&e|Host=a;||keep]end"},
      {"an absolute target", "GET http://h:1/x?y HTTP/1.1\r\nHost: h:1\r\n\r\n",
       "[GET|http://h:1/x?y|/x|y|Host=h:1;||keep]end"},
      {"an absolute target without a path", "GET http://h HTTP/1.1\r\nHost: h\r\n\r\n",
       "[GET|http://h|/||Host=h;||keep]end"},
      {"the same with a query", "GET http://h?q HTTP/1.1\r\nHost: h\r\n\r\n", "[GET|http://h?q|/|q|Host=h;||keep]end"},
      {"all of the server", "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", "[OPTIONS|*|*||Host=a;||keep]end"},
      {"an empty line before it", "\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", "[GET|/|/||Host=a;||keep]end"},
      {"whitespace around a value", get("A: \t b c \t\r\n"), "[GET|/|/||Host=a;A=b c;||keep]end"},
      {"no whitespace, an empty value, bytes above ASCII", get("A:b\r\nB:\r\nC: \xc3\xa9\r\n"),
       "[GET|/|/||Host=a;A=b;B=;C=\xc3\xa9;||keep]end"},
      {"an empty Host", "GET / HTTP/1.1\r\nHost:\r\n\r\n", "[GET|/|/||Host=;||keep]end"},
      {"a value longer than one block", get("A: 0123456789abcdef0123456789abcdef\t!\r\n"),
       "[GET|/|/||Host=a;A=0123456789abcdef0123456789abcdef\t!;||keep]end"},
      {"a body by length", post("content-length: 3\r\n", "abc"), "[POST|/p|/p||Host=a;content-length=3;|abc|keep]end"},
      {"a length of zero", post("Content-Length: 0\r\n", ""), "[POST|/p|/p||Host=a;Content-Length=0;||keep]end"},
      {"no length, no body", post("", ""), "[POST|/p|/p||Host=a;||keep]end"},
      {"the same length twice", post("Content-Length: 1\r\nContent-Length: 01, 1\r\n", "x"),
       "[POST|/p|/p||Host=a;Content-Length=1;Content-Length=01, 1;|x|keep]end"},
      {"two in one stream", post("Content-Length: 2\r\n", "ab") + get(""),
       "[POST|/p|/p||Host=a;Content-Length=2;|ab|keep][GET|/|/||Host=a;||keep]end"},
      {"chunked", chunked("3\r\nabc\r\nA\r\n0123456789\r\n0\r\n\r\n"), chunked_head + "abc0123456789|keep]end"},
      {"chunked, empty", chunked("0\r\n\r\n"), chunked_head + "|keep]end"},
      {"chunked, any case, zeros before the size", post("Transfer-Encoding: ChunkeD\r\n", "0002\r\nab\r\n000\r\n\r\n"),
       "[POST|/p|/p||Host=a;Transfer-Encoding=ChunkeD;|ab|keep]end"},
      {"chunk extensions", chunked("2;a=b;c=\"d\"\r\nab\r\n0;x\r\n\r\n"), chunked_head + "ab|keep]end"},
      {"trailer fields are dropped", chunked("1\r\na\r\n0\r\nContent-Length: 9\r\nX:\r\n\r\n"),
       chunked_head + "a|keep]end"},
      {"after a chunked one", chunked("1\r\na\r\n0\r\n\r\n") + get(""),
       chunked_head + "a|keep][GET|/|/||Host=a;||keep]end"},
  });
}

TEST_CASE("requests that are not complete") {
  check({
      {"nothing", "", "end"},
      {"a method", "GET", "more"},
      {"a version", "GET / HTTP/1.", "more"},
      {"half a line end", "GET / HTTP/1.1\r", "more"},
      {"no empty line", "GET / HTTP/1.1\r\nHost: a\r\n", "more"},
      {"half of the empty line", "GET / HTTP/1.1\r\nHost: a\r\n\r", "more"},
      {"a body too short", post("Content-Length: 3\r\n", "ab"), "more"},
      {"no last chunk", chunked("2\r\nab\r\n"), "more"},
      {"no end after the last chunk", chunked("0\r\n"), "more"},
  });
}

TEST_CASE("requests with a bad start line") {
  check({
      {"a bare line feed", "GET / HTTP/1.1\nHost: a\n\n", "failed bad_start_line"},
      {"a bare carriage return", "GET / HTTP/1.1\rHost: a\r\n\r\n", "failed bad_start_line"},
      {"an empty line that ends bare", "\rGET / HTTP/1.1\r\nHost: a\r\n\r\n", "failed bad_start_line"},
      {"HTTP/0.9", "GET /\r\n\r\n", "failed bad_start_line"},
      {"no target", "GET HTTP/1.1\r\nHost: a\r\n\r\n", "failed bad_start_line"},
      {"two spaces", "GET  / HTTP/1.1\r\nHost: a\r\n\r\n", "failed bad_start_line"},
      {"a space at the end", "GET / HTTP/1.1 \r\nHost: a\r\n\r\n", "failed bad_start_line"},
      {"a space in front", " GET / HTTP/1.1\r\nHost: a\r\n\r\n", "failed bad_start_line"},
      {"a space in the target", "GET /a b HTTP/1.1\r\nHost: a\r\n\r\n", "failed bad_start_line"},
      {"a fragment", "GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n", "failed bad_start_line"},
      {"bytes above ASCII in the target", "GET /\xc3\xa9 HTTP/1.1\r\nHost: a\r\n\r\n", "failed bad_start_line"},
      {"a relative target", "GET a HTTP/1.1\r\nHost: a\r\n\r\n", "failed bad_start_line"},
      {"* of a GET", "GET * HTTP/1.1\r\nHost: a\r\n\r\n", "failed bad_start_line"},
      {"a colon in the method", "GE:T / HTTP/1.1\r\nHost: a\r\n\r\n", "failed bad_start_line"},
      {"lower-case http", "GET / http/1.1\r\nHost: a\r\n\r\n", "failed bad_start_line"},
      {"two digits", "GET / HTTP/1.10\r\nHost: a\r\n\r\n", "failed bad_start_line"},
      {"TLS", std::string("\x16\x03\x01\x02\x00\x01\x00", 7), "failed bad_start_line"},
      {"HTTP/2 with prior knowledge", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "failed bad_start_line"},
      {"HTTP/2.0", "GET / HTTP/2.0\r\nHost: a\r\n\r\n", "failed bad_version"},
      {"HTTP/0.9, spelled out", "GET / HTTP/0.9\r\n\r\n", "failed bad_version"},
  });
}

TEST_CASE("requests with bad header fields") {
  check({
      {"a space before the colon", get("A : b\r\n"), "failed bad_header"},
      {"a folded line", get("A: b\r\n c\r\n"), "failed bad_header"},
      {"a folded line with a tab", get("A: b\r\n\tc\r\n"), "failed bad_header"},
      {"space before the first field", "GET / HTTP/1.1\r\n Host: a\r\n\r\n", "failed bad_header"},
      {"no colon", get("A\r\n"), "failed bad_header"},
      {"no name", get(": b\r\n"), "failed bad_header"},
      {"a bare carriage return in a value", get("A: b\rc\r\n"), "failed bad_header"},
      {"a bare line feed as line end", get("A: b\nC: d\r\n"), "failed bad_header"},
      {"a bare line feed as the empty line", "GET / HTTP/1.1\r\nHost: a\r\n\n", "failed bad_header"},
      {"a carriage return as the empty line", "GET / HTTP/1.1\r\nHost: a\r\n\rX", "failed bad_header"},
      {"a null byte", get(std::string("A: b\0c\r\n", 8)), "failed bad_header"},
      {"DEL after a whole block", get("A: 0123456789abcdef0123456789\x7f\r\n"), "failed bad_header"},
      {"no Host", "GET / HTTP/1.1\r\nA: b\r\n\r\n", "failed bad_header"},
      {"two of them", get("Host: a\r\n"), "failed bad_header"},
      {"a list of them", "GET / HTTP/1.1\r\nHost: a, b\r\n\r\n", "failed bad_header"},
      {"a path in it", "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", "failed bad_header"},
  });
}

TEST_CASE("requests whose framing is wrong") {
  check({
      {"not a number", post("Content-Length: x\r\n", ""), "failed bad_content_length"},
      {"nothing", post("Content-Length:\r\n", ""), "failed bad_content_length"},
      {"negative", post("Content-Length: -1\r\n", ""), "failed bad_content_length"},
      {"a sign", post("Content-Length: +1\r\n", "a"), "failed bad_content_length"},
      {"hexadecimal", post("Content-Length: 0x1\r\n", "a"), "failed bad_content_length"},
      {"a fraction", post("Content-Length: 1.0\r\n", "a"), "failed bad_content_length"},
      {"beyond 64 bits", post("Content-Length: 18446744073709551616\r\n", ""), "failed bad_content_length"},
      {"two that differ", post("Content-Length: 1\r\nContent-Length: 2\r\n", "ab"), "failed bad_content_length"},
      {"a list that differs", post("Content-Length: 1, 2\r\n", "ab"), "failed bad_content_length"},
      {"a list with a hole", post("Content-Length: 1,,1\r\n", "a"), "failed bad_content_length"},
      {"length, then chunked", post("Content-Length: 1\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"),
       "failed conflicting_framing"},
      {"chunked, then length", post("Transfer-Encoding: chunked\r\nContent-Length: 0\r\n", "0\r\n\r\n"),
       "failed conflicting_framing"},
      {"chunked in HTTP/1.0", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
       "failed conflicting_framing"},
      {"another coding", post("Transfer-Encoding: gzip\r\n", ""), "failed unknown_transfer_coding"},
      {"another one before it", post("Transfer-Encoding: gzip, chunked\r\n", ""), "failed unknown_transfer_coding"},
      {"twice in one field", post("Transfer-Encoding: chunked, chunked\r\n", ""), "failed unknown_transfer_coding"},
      {"twice in two", post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", ""),
       "failed unknown_transfer_coding"},
      {"identity, which is no longer one", post("Transfer-Encoding: identity\r\n", ""),
       "failed unknown_transfer_coding"},
      {"a vertical tab before it",
       post("Transfer-Encoding:\x0b"
            "chunked\r\n",
            "0\r\n\r\n"),
       "failed bad_header"},
      {"quoted", post("Transfer-Encoding: \"chunked\"\r\n", ""), "failed unknown_transfer_coding"},
  });
}

TEST_CASE("requests with bad chunks") {
  check({
      {"no size", chunked("\r\nab\r\n"), "failed bad_chunk"},
      {"not hexadecimal", chunked("g\r\n"), "failed bad_chunk"},
      {"a prefix", chunked("0x1\r\na\r\n"), "failed bad_chunk"},
      {"a sign", chunked("-1\r\n"), "failed bad_chunk"},
      {"a space before", chunked(" 1\r\na\r\n"), "failed bad_chunk"},
      {"a space after", chunked("1 \r\na\r\n"), "failed bad_chunk"},
      {"17 digits", chunked("10000000000000000\r\n"), "failed bad_chunk"},
      {"a bare line feed after the size", chunked("1\na\r\n"), "failed bad_chunk"},
      {"a bare carriage return after the size", chunked("1\ra\r\n"), "failed bad_chunk"},
      {"a line feed in an extension", chunked("1;a\nb\r\na\r\n"), "failed bad_chunk"},
      {"a carriage return in an extension", chunked("1;a\rb\r\na\r\n"), "failed bad_chunk"},
      {"an extension without end", chunked("1;" + std::string(BodyParser::chunk_line_limit, 'a')), "failed bad_chunk"},
      {"zeros without end", chunked(std::string(BodyParser::chunk_line_limit, '0')), "failed bad_chunk"},
      {"longer than its size", chunked("1\r\nab\r\n"), "failed bad_chunk"},
      {"a bare line feed after the data", chunked("1\r\na\n0\r\n\r\n"), "failed bad_chunk"},
      {"a carriage return at the very end", chunked("0\r\n\rX"), "failed bad_chunk"},
      {"a bare line feed at the very end", chunked("0\r\n\n"), "failed bad_header"},
      {"a space before the colon of a trailer field", chunked("0\r\nA : b\r\n\r\n"), "failed bad_header"},
      {"a folded trailer field", chunked("0\r\nA: b\r\n c\r\n\r\n"), "failed bad_header"},
      {"a bare line feed in a trailer field", chunked("0\r\nA: b\nc\r\n\r\n"), "failed bad_header"},
      {"a bare carriage return in a trailer field", chunked("0\r\nA: b\rc\r\n\r\n"), "failed bad_header"},
  });
}

TEST_CASE("requests beyond the limits") {
  const Limits limits{64, 2, 4};
  const std::string line = "GET / HTTP/1.1\r\nHost: a\r\n";  // 25 bytes, and 2 at the end
  check(
      {
          {"a head of the limit", line + "A: " + std::string(32, 'x') + "\r\n\r\n",
           "[GET|/|/||Host=a;A=" + std::string(32, 'x') + ";||keep]end"},
          {"one byte more", line + "A: " + std::string(33, 'x') + "\r\n\r\n", "failed header_too_large"},
          {"a target without end", "GET /" + std::string(100, 'x'), "failed header_too_large"},
          {"empty lines without end", repeated("\r\n", 33), "failed header_too_large"},
          {"an error behind the limit is not looked at", line + "A: " + std::string(60, 'x') + "\n",
           "failed header_too_large"},
          {"two fields", line + "A: b\r\n\r\n", "[GET|/|/||Host=a;A=b;||keep]end"},
          {"three", line + "A: b\r\nC: d\r\n\r\n", "failed too_many_headers"},
          {"a body of the limit", post("Content-Length: 4\r\n", "abcd"),
           "[POST|/p|/p||Host=a;Content-Length=4;|abcd|keep]end"},
          {"one byte more is refused before it comes", post("Content-Length: 5\r\n", ""), "failed body_too_large"},
          {"chunks of the limit", chunked("2\r\nab\r\n2\r\ncd\r\n0\r\n\r\n"), chunked_head + "abcd|keep]end"},
          {"chunks beyond it", chunked("2\r\nab\r\n3\r\n"), "failed body_too_large"},
          {"a chunk of 2^64 - 1", chunked("1\r\na\r\nffffffffffffffff\r\n"), "failed body_too_large"},
          {"trailer fields beyond the count", chunked("0\r\nA:\r\nB:\r\nC:\r\n\r\n"), "failed too_many_headers"},
          {"trailer fields beyond the bytes", chunked("0\r\nA: " + std::string(64, 'x') + "\r\n\r\n"),
           "failed header_too_large"},
      },
      limits);
}

TEST_CASE("the status that answers each error") {
  const Limits limits{64, 2, 4};
  const std::pair<std::string, int> rows[] = {
      {"GET /\r\n", 400},                                              // bad_start_line
      {"GET / HTTP/3.0\r\n", 505},                                     // bad_version
      {"GET / HTTP/1.1\r\n\r\n", 400},                                 // bad_header
      {post("Content-Length: x\r\n", ""), 400},                        // bad_content_length
      {"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", 400},  // conflicting_framing
      {post("Transfer-Encoding: gzip\r\n", ""), 501},                  // unknown_transfer_coding
      {chunked("x"), 400},                                             // bad_chunk
      {"GET /" + std::string(100, 'x'), 431},                          // header_too_large
      {get("A: b\r\nC: d\r\n"), 431},                                  // too_many_headers
      {post("Content-Length: 5\r\n", ""), 413},                        // body_too_large
  };
  for (const auto& [stream, status] : rows) {
    INFO(stream);
    RequestParser parser(limits);
    std::size_t consumed = 0;
    CHECK(parser.feed(stream, consumed) == ParseStatus::failed);
    CHECK(parser.error_status() == status);
    CHECK_FALSE(parser.keep_alive());
    CHECK(parser.feed(get(""), consumed) == ParseStatus::failed);  // for good
    CHECK(consumed == 0);
  }
}

TEST_CASE("100-continue is expected while the head is complete and the body has not begun") {
  const std::string head = post("Expect: 100-Continue\r\nContent-Length: 2\r\n", "");
  RequestParser parser;
  std::size_t consumed = 0;
  REQUIRE(parser.feed(head.substr(0, head.size() - 1), consumed) == ParseStatus::need_more);
  CHECK_FALSE(parser.expects_continue());
  REQUIRE(parser.feed("\n", consumed) == ParseStatus::need_more);
  CHECK(parser.expects_continue());
  REQUIRE(parser.feed("a", consumed) == ParseStatus::need_more);
  CHECK_FALSE(parser.expects_continue());
  REQUIRE(parser.feed("b", consumed) == ParseStatus::done);
  CHECK_FALSE(parser.expects_continue());

  parser.reset();  // without a body there is nothing to wait for
  REQUIRE(parser.feed(get("Expect: 100-continue\r\n"), consumed) == ParseStatus::done);
  CHECK_FALSE(parser.expects_continue());
  parser.reset();  // HTTP/1.0 does not know it
  REQUIRE(parser.feed("PUT / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n", consumed) ==
          ParseStatus::need_more);
  CHECK_FALSE(parser.expects_continue());
}
