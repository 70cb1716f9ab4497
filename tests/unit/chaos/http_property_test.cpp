// The fuzz target's property on seeded mutations of streams that mean something.
#include "base/random.hpp"
#include "tests/fuzz/http_filter_property.hpp"
#include "tests/support/catch.hpp"

using namespace tidegate;

namespace {

const std::vector<std::string> kRequests{
    "GET / HTTP/1.1\r\nHost: a\r\nB: c\r\n\r\n", "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello",
    "POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
    "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n", "CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n"};
const std::vector<std::string> kResponses{"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nB: c\r\n\r\nfine",
                                          "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nfine\r\n0\r\n\r\n",
                                          "HTTP/1.1 204 No Content\r\n\r\n",
                                          "HTTP/1.1 100 Continue\r\n\r\n",
                                          "HTTP/1.1 101 Switching Protocols\r\n\r\n",
                                          "HTTP/1.0 200 OK\r\n\r\nto the end"};

std::string input_of(Draws& draws) {
  std::string input{static_cast<char>(draws.between(0, 255)), static_cast<char>(draws.between(0, 255))};
  const auto some = [&](const std::vector<std::string>& from) {
    for (auto left = draws.between(0, 4); left > 0; --left) {
      input += from[static_cast<std::size_t>(draws.between(0, static_cast<std::int64_t>(from.size()) - 1))];
    }
  };
  some(kRequests);
  input += '\0';
  some(kResponses);
  for (auto left = draws.between(0, 3); left > 0 && input.size() > 3; --left) {
    const auto at = static_cast<std::size_t>(draws.between(2, static_cast<std::int64_t>(input.size()) - 1));
    if (input[at] != '\0') input[at] = static_cast<char>(draws.between(1, 255));
  }
  return input;
}

}  // namespace

TEST_CASE("whatever the stream, an HTTP filter without a fault passes it, and cuts do not matter") {
  for (std::uint64_t i = 0; i < 4000; ++i) {
    Draws draws(11, 0, i);
    const std::string input = input_of(draws);
    INFO("input " << i << " of seed 11: " << json::serialize(json::value(input)));
    REQUIRE(chaos::property::holds(input));
  }
}
