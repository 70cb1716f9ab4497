// The server among malformed, oversized, slow, silent and vanishing clients.
#include "base/http/server.hpp"
#include "tests/unit/http/loopback.hpp"

using namespace tidegate;
using namespace tidegate::http;

namespace {

asio::awaitable<Response> count_calls(int* calls, std::string body) {
  ++*calls;
  Response response;
  response.body = std::move(body);
  co_return response;
}

Handler counting(int* calls) {
  return [calls](const Request& request) { return count_calls(calls, std::string(request.body)); };
}

const std::string get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

struct Row {
  const char* why;
  std::string request;
  int status;
};

asio::awaitable<void> check_refusals(asio::any_io_executor executor, Server* server, std::vector<Row> rows) {
  for (const Row& row : rows) {
    INFO(row.why);
    Peer peer(executor);
    co_await peer.connect(server->port());
    co_await peer.send(row.request);
    const std::string response = co_await peer.response();
    CHECK(response.substr(0, 3) == std::to_string(row.status));
    CHECK(response.find("\"status\":" + std::to_string(row.status)) != std::string::npos);
    CHECK(response.ends_with(" (close)"));
    const bool closed = co_await peer.closed();
    CHECK(closed);
  }
}

}  // namespace

TEST_CASE("what is not a request gets its problem document, is never handled, and ends the connection") {
  Loop loop;
  int calls = 0;
  ServerOptions options;
  options.limits = {1024, 10, 100};
  Server server(loop.executor(), counting(&calls), options);
  REQUIRE(server.start().ok());
  const std::string post = "POST / HTTP/1.1\r\nHost: a\r\n";
  std::string many = "GET / HTTP/1.1\r\nHost: a\r\n";
  for (int i = 0; i < 10; ++i) many += "X: y\r\n";
  loop.play(check_refusals(
      loop.executor(), &server,
      {
          {"noise", "\x01\x02\x03\r\n\r\n", 400},
          {"no Host", "GET / HTTP/1.1\r\n\r\n", 400},
          {"a bare line feed", "GET / HTTP/1.1\nHost: a\n\n", 400},
          {"a body announced in two ways",
           post + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + get, 400},
          {"two lengths", post + "Content-Length: 0\r\nContent-Length: 37\r\n\r\n" + get, 400},
          {"a bad chunk", post + "Transfer-Encoding: chunked\r\n\r\nxyz", 400},
          {"a body too large", post + "Content-Length: 101\r\n\r\n" + std::string(101, 'x'), 413},
          {"a body far too large, sent all the same",
           post + "Content-Length: 500000\r\n\r\n" + std::string(500000, 'x'), 413},
          {"chunks too large", post + "Transfer-Encoding: chunked\r\n\r\n" + "65\r\n" + std::string(101, 'x'), 413},
          {"one header of a megabyte", "GET / HTTP/1.1\r\nX: " + std::string(1024 * 1024, 'x'), 431},
          {"many headers", many + "\r\n", 431},
          {"gzip as a transfer coding", post + "Transfer-Encoding: gzip\r\n\r\n", 501},
          {"HTTP/2", "GET / HTTP/2.0\r\n\r\n", 505},
      }));
  CHECK(calls == 0);
}

namespace {

asio::awaitable<void> be_slow(asio::any_io_executor executor, Server* server) {
  const std::string post = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n";
  // A head, a body and an empty line that do not end; the first byte is enough to be in a hurry.
  for (const std::string& start : {std::string("GET / HT"), post + "ab", std::string("\r\n"), get + "G"}) {
    INFO(start);
    Peer peer(executor);
    co_await peer.connect(server->port());
    co_await peer.send(start);
    if (start.starts_with(get)) co_await peer.response();
    const std::string response = co_await peer.response();
    CHECK(response.substr(0, 3) == "408");
    const bool closed = co_await peer.closed();
    CHECK(closed);
  }
}

asio::awaitable<void> be_silent(asio::any_io_executor executor, Server* server) {
  Peer never(executor);
  co_await never.connect(server->port());
  auto after_one = std::make_unique<Peer>(executor);
  for (std::string response; response != "200 ";) {  // on a busy machine a first try may itself come too late
    after_one = std::make_unique<Peer>(executor);
    co_await after_one->connect(server->port());
    co_await after_one->send(get);
    response = co_await after_one->response();
  }
  bool closed = co_await never.closed();
  CHECK(closed);
  closed = co_await after_one->closed();
  CHECK(closed);
}

asio::awaitable<Response> large(const Request&) {
  Response response;
  response.body.assign(64 * 1024 * 1024, 'x');
  co_return response;
}

asio::awaitable<void> never_read(asio::any_io_executor executor, Server* server) {
  Peer deaf(executor);
  co_await deaf.connect(server->port());
  co_await deaf.send(get);
  // The server must give up on it before it reads a byte.
  while (server->connections() == 0) co_await asio::post(executor, asio::use_awaitable);
  while (server->connections() != 0) co_await asio::post(executor, asio::use_awaitable);
  const std::string response = co_await deaf.response();
  CHECK(response != "200 ");
  CHECK(response.size() < 1024);  // an error, not 64 MiB
}

}  // namespace

TEST_CASE("a client too slow with a request is told so and closed") {
  Loop loop;
  int calls = 0;
  ServerOptions options;
  options.header_timeout = std::chrono::milliseconds(40);
  Server server(loop.executor(), counting(&calls), options);
  REQUIRE(server.start().ok());
  loop.play(be_slow(loop.executor(), &server));
}

TEST_CASE("a client that says nothing is closed") {
  Loop loop;
  int calls = 0;
  ServerOptions options;
  options.idle_timeout = std::chrono::milliseconds(40);
  Server server(loop.executor(), counting(&calls), options);
  REQUIRE(server.start().ok());
  loop.play(be_silent(loop.executor(), &server));
}

TEST_CASE("a client that reads nothing of its answer is closed") {
  Loop loop;
  ServerOptions options;
  options.header_timeout = std::chrono::milliseconds(40);
  Server server(loop.executor(), large, options);
  REQUIRE(server.start().ok());
  loop.play(never_read(loop.executor(), &server));
}

namespace {

asio::awaitable<Response> wait_and_answer(Event* entered, Event* release) {
  entered->set();
  co_await release->wait();
  co_return Response{};
}

struct Waiting {
  explicit Waiting(Loop& loop) : entered(loop.executor()), release(loop.executor()) {}
  Handler handler() {
    return [this](const Request&) { return wait_and_answer(&entered, &release); };
  }
  Event entered, release;
};

asio::awaitable<void> wait_longer_than_timeouts(asio::any_io_executor executor, Server* server, Waiting* waiting) {
  Peer patient(executor), witness(executor);
  co_await patient.connect(server->port());
  co_await patient.send(get);
  co_await waiting->entered.wait();
  co_await witness.connect(server->port());
  const bool closed = co_await witness.closed();  // both timeouts have passed since the other one's last byte
  CHECK(closed);
  waiting->release.set();
  const std::string response = co_await patient.response();
  CHECK(response == "200 ");
}

asio::awaitable<void> leave_while_handled(asio::any_io_executor executor, Server* server, Waiting* waiting,
                                          bool reset) {
  auto peer = std::make_unique<Peer>(executor);
  co_await peer->connect(server->port());
  co_await peer->send(get + get + "POST / HT");
  co_await waiting->entered.wait();
  if (reset) peer->reset();
  peer.reset();
  waiting->release.set();
  while (server->connections() != 0) co_await asio::post(executor, asio::use_awaitable);
}

}  // namespace

TEST_CASE("a handler may take longer than the timeouts") {
  Loop loop;
  Waiting waiting(loop);
  ServerOptions options;
  options.header_timeout = std::chrono::milliseconds(10);
  options.idle_timeout = std::chrono::milliseconds(300);
  Server server(loop.executor(), waiting.handler(), options);
  REQUIRE(server.start().ok());
  loop.play(wait_longer_than_timeouts(loop.executor(), &server, &waiting));
}

TEST_CASE("a client that leaves while its request is handled harms nobody") {
  for (const bool reset : {false, true}) {
    Loop loop;
    Waiting waiting(loop);
    Server server(loop.executor(), waiting.handler());
    REQUIRE(server.start().ok());
    loop.play(leave_while_handled(loop.executor(), &server, &waiting, reset));
  }
}

namespace {

asio::awaitable<void> leave_inside_a_request(asio::any_io_executor executor, Server* server, int* calls) {
  const std::string request = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nabcd";
  for (std::size_t size = 0; size < request.size(); ++size) {
    Peer peer(executor);
    co_await peer.connect(server->port());
    co_await peer.send(request.substr(0, size));
    if (size % 2 == 0) peer.reset();
  }
  while (server->connections() != 0) co_await asio::post(executor, asio::use_awaitable);
  CHECK(*calls == 0);
  Peer peer(executor);  // and it still serves
  co_await peer.connect(server->port());
  co_await peer.send(request);
  const std::string response = co_await peer.response();
  CHECK(response == "200 abcd");
}

asio::awaitable<void> come_too_many(asio::any_io_executor executor, Server* server) {
  std::vector<std::unique_ptr<Peer>> peers;
  for (int i = 0; i < 3; ++i) {
    peers.push_back(std::make_unique<Peer>(executor));
    co_await peers.back()->connect(server->port());
    co_await peers.back()->send(get);
    const std::string response = co_await peers.back()->response();
    CHECK(response.substr(0, 3) == (i < 2 ? "200" : "503"));
  }
  const bool closed = co_await peers.back()->closed();
  CHECK(closed);
  peers.clear();
  while (server->connections() != 0) co_await asio::post(executor, asio::use_awaitable);
  Peer peer(executor);  // room again
  co_await peer.connect(server->port());
  co_await peer.send(get);
  const std::string response = co_await peer.response();
  CHECK(response == "200 ");
}

}  // namespace

TEST_CASE("a client that leaves inside a request is not answered and not handled") {
  Loop loop;
  int calls = 0;
  Server server(loop.executor(), counting(&calls));
  REQUIRE(server.start().ok());
  loop.play(leave_inside_a_request(loop.executor(), &server, &calls));
}

TEST_CASE("connections beyond the limit are answered 503 and closed") {
  Loop loop;
  int calls = 0;
  ServerOptions options;
  options.max_connections = 2;
  Server server(loop.executor(), counting(&calls), options);
  REQUIRE(server.start().ok());
  loop.play(come_too_many(loop.executor(), &server));
  CHECK(calls == 3);
}
