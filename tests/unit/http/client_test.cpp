// The client against servers that keep to a script, most of them badly.
#include "base/http/client.hpp"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "tests/unit/http/loopback.hpp"

using namespace tidegate;
using namespace tidegate::http;

namespace {

constexpr Nanoseconds long_enough = std::chrono::seconds(15);
const std::string ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const std::string closing = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok";

/// "200 body", or the error as "kind: message" with the port replaced by PORT.
std::string text_of(const Result<Response>& result, std::uint16_t port) {
  if (result.ok()) return std::to_string(result->status) + " " + result->body;
  std::string message = result.error().message;
  const std::string number = std::to_string(port);
  for (std::size_t at; (at = message.find(number)) != std::string::npos;) message.replace(at, number.size(), "PORT");
  switch (result.error().kind) {
    case Error::Kind::usage:
      return "usage: " + message;
    case Error::Kind::machine:
      return "machine: " + message;
    case Error::Kind::protocol:
      return "protocol: " + message;
    case Error::Kind::timeout:
      return "timeout: " + message;
    case Error::Kind::closed:
      return "closed: " + message;
    case Error::Kind::internal:
      return "internal: " + message;
  }
  return message;
}

ClientRequest request_of(std::string method, std::string target = "/a", std::string body = {}) {
  ClientRequest request;
  request.method = std::move(method);
  request.target = std::move(target);
  request.body = std::move(body);
  return request;
}

/// Sends one request after the other and compares the outcomes.
asio::awaitable<void> converse(Client* client, std::uint16_t port,
                               std::vector<std::pair<ClientRequest, std::string>> turns, Nanoseconds timeout) {
  for (const auto& [request, expected] : turns) {
    // A short timeout only where one is wanted: a busy machine may be slow with the other turns.
    const bool times_out = expected.starts_with("timeout");
    const Result<Response> result = co_await client->send(request, times_out ? timeout : long_enough);
    CHECK(text_of(result, port) == expected);
  }
}

struct Row {
  const char* why;
  std::vector<std::vector<std::string>> script;
  std::vector<std::pair<ClientRequest, std::string>> turns;
  std::size_t connections;
};

void check(const std::vector<Row>& rows, Nanoseconds timeout = long_enough, ClientOptions options = {}) {
  for (const Row& row : rows) {
    INFO(row.why);
    Loop loop;
    ScriptedServer server(loop, row.script);
    Client client(loop.executor(), "127.0.0.1", server.port(), options);
    loop.play(converse(&client, server.port(), row.turns, timeout));
    CHECK(server.accepted() == row.connections);
  }
}

const ClientRequest get = request_of("GET");
const ClientRequest head = request_of("HEAD");
const ClientRequest post = request_of("POST", "/a", "body");
const std::string get_failed = "GET http://127.0.0.1:PORT/a: ";
const std::string post_failed = "POST http://127.0.0.1:PORT/a: ";

}  // namespace

TEST_CASE("the client reuses a connection exactly when it may") {
  check({
      {"kept", {{ok, ok, ok}}, {{get, "200 ok"}, {post, "200 ok"}, {get, "200 ok"}}, 1},
      {"an answer to HEAD",
       {{"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", ok}},
       {{head, "200 "}, {get, "200 ok"}},
       1},
      {"204", {{"HTTP/1.1 204 x\r\n\r\n", ok}}, {{get, "204 "}, {get, "200 ok"}}, 1},
      {"chunked",
       {{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", ok}},
       {{get, "200 ok"}, {get, "200 ok"}},
       1},
      {"an interim answer first",
       {{"HTTP/1.1 103 x\r\nA: b\r\n\r\n" + ok, ok}},
       {{post, "200 ok"}, {get, "200 ok"}},
       1},
      {"the server says close", {{closing}, {ok}}, {{get, "200 ok"}, {get, "200 ok"}}, 2},
      {"HTTP/1.0", {{"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok"}, {ok}}, {{get, "200 ok"}, {get, "200 ok"}}, 2},
      {"to the end of the connection",
       {{"HTTP/1.1 200 OK\r\n\r\nall<close>"}, {ok}},
       {{get, "200 all"}, {get, "200 ok"}},
       2},
      {"bytes nobody asked for", {{ok + "x", ok}, {ok}}, {{get, "200 ok"}, {get, "200 ok"}}, 2},
      {"a second answer nobody asked for",
       {{ok + "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil", ok}, {ok}},
       {{get, "200 ok"}, {get, "200 ok"}},
       2},
      {"closed while pooled: noticed before anything is sent",
       {{ok + "<close>"}, {ok}},
       {{get, "200 ok"}, {post, "200 ok"}},
       2},
      {"reset while pooled", {{ok + "<reset>"}, {ok}}, {{get, "200 ok"}, {post, "200 ok"}}, 2},
  });
}

TEST_CASE("a pooled connection older than the idle timeout is not reused") {
  ClientOptions options;
  options.idle_timeout = Nanoseconds(0);
  check({{"at once", {{ok, ok}}, {{get, "200 ok"}, {get, "200 ok"}}, 2}}, long_enough, options);
}

TEST_CASE("a pooled connection that ends under a request: only what may be repeated is") {
  const std::string lost = "closed: " + post_failed + "closed without an answer";
  check({
      {"GET", {{ok, "close"}, {ok}}, {{get, "200 ok"}, {get, "200 ok"}}, 2},
      {"HEAD", {{ok, "close"}, {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n"}}, {{get, "200 ok"}, {head, "200 "}}, 2},
      {"PUT", {{ok, "reset"}, {ok}}, {{get, "200 ok"}, {request_of("PUT", "/a", "x"), "200 ok"}}, 2},
      {"DELETE", {{ok, "close"}, {ok}}, {{get, "200 ok"}, {request_of("DELETE"), "200 ok"}}, 2},
      {"POST is not", {{ok, "close"}, {ok}}, {{get, "200 ok"}, {post, lost}, {post, "200 ok"}}, 2},
      {"PATCH is not",
       {{ok, "close"}, {ok}},
       {{get, "200 ok"}, {request_of("PATCH"), "closed: PATCH http://127.0.0.1:PORT/a: closed without an answer"}},
       1},
      {"once only",
       {{ok, "close"}, {"close"}},
       {{get, "200 ok"}, {get, "closed: " + get_failed + "closed without an answer"}},
       2},
      {"not once a byte of the answer has come",
       {{ok, "H<close>"}, {ok}},
       {{get, "200 ok"}, {get, "closed: " + get_failed + "closed inside the answer"}},
       1},
      {"not on a fresh connection",
       {{"close"}, {ok}},
       {{get, "closed: " + get_failed + "closed without an answer"}},
       1},
  });
}

TEST_CASE("answers that are none") {
  const std::string protocol = "protocol: " + get_failed + "the answer is not HTTP/1.1: ";
  ClientOptions options;
  options.limits = {200, 5, 10};
  check(
      {
          {"garbage", {{"SSH-2.0-OpenSSH\r\n"}, {ok}}, {{get, protocol + "bad_start_line"}, {get, "200 ok"}}, 2},
          {"HTTP/2", {{"HTTP/2 200\r\n\r\n"}, {ok}}, {{get, protocol + "bad_version"}, {get, "200 ok"}}, 2},
          {"a bad chunk",
           {{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n"}, {ok}},
           {{get, protocol + "bad_chunk"}},
           1},
          {"a header without end",
           {{"HTTP/1.1 200 OK\r\nX: " + std::string(500, 'x')}, {ok}},
           {{get, protocol + "header_too_large"}},
           1},
          {"too large",
           {{"HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n"}, {ok}},
           {{get, protocol + "body_too_large"}},
           1},
          {"early close in the head",
           {{"HTTP/1.1 200 OK\r\nCont<close>"}, {ok}},
           {{get, "closed: " + get_failed + "closed inside the answer"}},
           1},
          {"early close in the body",
           {{"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab<close>"}, {ok}},
           {{get, "closed: " + get_failed + "closed inside the answer"}},
           1},
          {"reset in the body",
           {{"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab<reset>"}, {ok}},
           {{get, "closed: " + get_failed + "Connection reset by peer"}},
           1},
          {"reset", {{"reset"}, {ok}}, {{post, "closed: " + post_failed + "Connection reset by peer"}}, 1},
      },
      long_enough, options);
}

TEST_CASE("a request that timed out takes its connection along") {
  const std::string late = "timeout: " + get_failed + "no complete answer in time";
  check(
      {
          {"no answer", {{"hang"}, {ok}}, {{get, late}, {get, "200 ok"}}, 2},
          {"half of one",
           {{"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab", "never read"}, {ok}},
           {{get, late}, {get, "200 ok"}},
           2},
          {"on a pooled connection: not repeated",
           {{ok, "hang"}, {ok}},
           {{get, "200 ok"}, {get, late}, {get, "200 ok"}},
           2},
      },
      std::chrono::milliseconds(50));
}

TEST_CASE("requests that cannot be sent") {
  Loop loop;
  ScriptedServer server(loop, {{ok}});
  Client client(loop.executor(), "127.0.0.1", server.port());
  std::vector<ClientRequest> bad = {request_of("GE T"), request_of(""), request_of("GET", ""),
                                    request_of("GET", "/a b"), request_of("GET", "/\r\nX: y")};
  bad.push_back(get);
  bad.back().headers = {{"X", "a\r\nY: b"}};
  bad.push_back(get);
  bad.back().headers = {{"X y", "a"}};
  for (const ClientRequest& request : bad) {
    const std::string name = request.method + " http://127.0.0.1:PORT" + request.target;
    loop.play(converse(&client, server.port(),
                       {{request, "usage: " + name + ": cannot be sent: bad method, target or header field"}},
                       long_enough));
  }
  CHECK(server.accepted() == 0);
}

TEST_CASE("connections that do not come about") {
  Loop loop;
  const std::uint16_t port = unused_port(loop);
  Client refused(loop.executor(), "127.0.0.1", port);
  loop.play(converse(&refused, port, {{get, "closed: " + get_failed + "connect 127.0.0.1:PORT: Connection refused"}},
                     long_enough));

  // A listener whose queue is full answers nobody.
  asio::ip::tcp::acceptor full(loop.executor());
  full.open(asio::ip::tcp::v4());
  full.bind({asio::ip::address_v4::loopback(), 0});
  full.listen(0);
  std::vector<std::unique_ptr<asio::ip::tcp::socket>> queue;
  for (int i = 0; i < 4; ++i) {
    queue.push_back(std::make_unique<asio::ip::tcp::socket>(loop.executor()));
    queue.back()->async_connect(full.local_endpoint(), [](error_code) {});
  }
  loop.poll();
  const std::string late = "timeout: " + get_failed + "connect 127.0.0.1:PORT: no connection in time";
  ClientOptions options;
  options.connect_timeout = std::chrono::milliseconds(50);
  Client by_connect_timeout(loop.executor(), "127.0.0.1", full.local_endpoint().port(), options);
  loop.play(converse(&by_connect_timeout, full.local_endpoint().port(), {{get, late}}, long_enough));
  Client by_timeout(loop.executor(), "127.0.0.1", full.local_endpoint().port());
  loop.play(converse(&by_timeout, full.local_endpoint().port(), {{get, late}}, std::chrono::milliseconds(50)));
}

TEST_CASE("a fetch without descriptors is an error, and the next one with them is none") {
  Loop server_loop;
  asio::ip::tcp::acceptor listener(server_loop.executor(),
                                   asio::ip::tcp::endpoint(asio::ip::address_v4::loopback(), 0));
  listener.listen();
  const std::string url = "http://127.0.0.1:" + std::to_string(listener.local_endpoint().port()) + "/";
  const int next = ::open("/dev/null", O_RDONLY);
  ::close(next);
  rlimit before{};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
  for (rlim_t room = 0; room < 4; ++room) {  // the poll set, its two wakers, the socket
    CAPTURE(room);
    const rlimit narrow{static_cast<rlim_t>(next) + room, before.rlim_max};
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &narrow) == 0);
    const auto refused = fetch(url, std::chrono::seconds(5));
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &before) == 0);
    REQUIRE_FALSE(refused.ok());
    CHECK_THAT(refused.error().message, Catch::Contains("Too many open files"));
  }
}
