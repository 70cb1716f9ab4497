// The fuzz targets' property on seeded mutations of valid messages: 2,000 for each parser.
#include "base/random.hpp"
#include "tests/unit/http/parser_checks.hpp"

using namespace tidegate;
using namespace tidegate::http;

namespace {

const std::string request_seeds[] = {
    "GET /a?b=c HTTP/1.1\r\nHost: h\r\nX: y\r\n\r\nPUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc",
    "POST /p HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: "
    "chunked\r\n\r\n3;e=f\r\nabc\r\n10\r\n0123456789abcdef\r\n0\r\nT: u\r\n\r\n",
    "GET / HTTP/1.0\r\nConnection: keep-alive\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nxGET / HTTP/1.0\r\n\r\n",
};
const std::string response_seeds[] = {
    "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabcHTTP/1.1 204 No\r\n\r\n",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;e=f\r\nabc\r\n0\r\nT: u\r\n\r\nHTTP/1.0 200 OK\r\n\r\nto "
    "the end",
    "HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nabcde",
};

/// Bytes that mean something to a parser, so that mutations reach further than noise would.
char interesting_byte(Draws& draws) {
  constexpr std::string_view bytes(
      "\r\n\t :;,=/0159afAF%\x00\x7f\xff"
      "chunked",
      29);
  return bytes[static_cast<std::size_t>(draws.between(0, static_cast<std::int64_t>(bytes.size()) - 1))];
}

std::string mutated(std::string text, Draws& draws) {
  for (std::int64_t count = draws.between(1, 4); count > 0 && !text.empty(); --count) {
    const auto at = static_cast<std::size_t>(draws.between(0, static_cast<std::int64_t>(text.size()) - 1));
    const auto size = static_cast<std::size_t>(draws.between(1, 12));
    switch (draws.between(0, 4)) {
      case 0:
        text[at] = interesting_byte(draws);
        break;
      case 1:
        text.insert(at, 1, interesting_byte(draws));
        break;
      case 2:
        text.erase(at, size);
        break;
      case 3:
        text.insert(at, text.substr(at, size));
        break;
      default:
        text.resize(at);
        break;
    }
  }
  return text;
}

}  // namespace

TEST_CASE("what is made of a mutated request does not depend on how it was split") {
  int accepted = 0, refused = 0;
  for (std::uint64_t i = 0; i < 2000; ++i) {
    Draws draws(7, 1, i);
    const std::string stream = mutated(request_seeds[i % std::size(request_seeds)], draws);
    const std::string whole = splits::request_outcome(stream, splits::Cuts(0, 0));
    INFO("mutation " << i << ": " << stream);
    REQUIRE(splits::request_outcome(stream, splits::Cuts(1, 0)) == whole);
    REQUIRE(splits::request_outcome(stream, splits::Cuts(9, i)) == whole);
    (whole.find("failed") == std::string::npos ? accepted : refused) += 1;
  }
  CHECK(accepted > 100);  // the mutations reach both sides
  CHECK(refused > 100);
}

TEST_CASE("what is made of a mutated response does not depend on how it was split") {
  int accepted = 0, refused = 0;
  for (std::uint64_t i = 0; i < 2000; ++i) {
    Draws draws(7, 2, i);
    const std::string stream = mutated(response_seeds[i % std::size(response_seeds)], draws);
    const ResponseParser::Options options{splits::small_limits(), i % 2 == 0};
    const std::string whole = splits::response_outcome(stream, splits::Cuts(0, 0), options);
    INFO("mutation " << i << ": " << stream);
    REQUIRE(splits::response_outcome(stream, splits::Cuts(1, 0), options) == whole);
    REQUIRE(splits::response_outcome(stream, splits::Cuts(9, i), options) == whole);
    (whole.find("failed") == std::string::npos ? accepted : refused) += 1;
  }
  CHECK(accepted > 100);
  CHECK(refused > 100);
}
