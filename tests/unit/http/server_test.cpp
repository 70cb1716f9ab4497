// The server on its good days: what it answers, in which order, and what becomes of the connection.
#include "base/http/server.hpp"

#include "tests/unit/http/loopback.hpp"

using namespace tidegate;
using namespace tidegate::http;

namespace {

/// "METHOD PATH BODY" back; some paths do something else.
asio::awaitable<Response> echo(const Request& request) {
  Response response;
  response.content_type = "text/plain";
  response.body = std::string(request.method) + " " + std::string(request.path) + " " + std::string(request.body);
  if (request.path == "/throw") throw std::runtime_error("planted");
  if (request.path == "/throw-int") throw 42;
  if (request.path == "/empty") {
    response.status = 204;
  } else if (request.path == "/close") {
    response.close = true;
  } else if (request.path == "/split") {
    response.headers.emplace_back("X", "a\r\nY: b");  // must not become a header of its own
  } else if (request.path == "/framing") {
    response.headers.emplace_back("Content-Length", "1");
    response.headers.emplace_back("Transfer-Encoding", "chunked");
    response.headers.emplace_back("X", "y");
  } else if (request.path == "/interim") {
    response.status = 100;
  } else if (request.path == "/large") {
    response.body.assign(8 * 1024 * 1024, 'x');
  }
  co_return response;
}

std::string get(const std::string& path) {
  return "GET " + path + " HTTP/1.1\r\nHost: a\r\n\r\n";
}

struct Row {
  const char* why;
  std::string request;
  std::string response;
};

asio::awaitable<void> check_rows(asio::any_io_executor executor, std::uint16_t port, std::vector<Row> rows) {
  for (const Row& row : rows) {
    INFO(row.why);
    Peer peer(executor);
    co_await peer.connect(port);
    co_await peer.send(row.request);
    const std::string response = co_await peer.response(row.request.starts_with("HEAD"));
    CHECK(response == row.response);
    // A second request tells whether the connection is what the response said.
    co_await peer.send(get("/again"));
    const std::string again = co_await peer.response();
    CHECK(again == (row.response.ends_with("(close)") ? "closed" : "200 GET /again "));
  }
}

}  // namespace

TEST_CASE("the server answers, and keeps or closes the connection as both sides want it") {
  Loop loop;
  Server server(loop.executor(), echo);
  REQUIRE(server.start().ok());
  const std::string post = "POST /p HTTP/1.1\r\nHost: a\r\n";
  const std::string failed =
      R"({"type":"about:blank","title":"Internal Server Error","status":500,"detail":"the request could not be processed"})";
  loop.play(check_rows(
      loop.executor(), server.port(),
      {
          {"a GET", get("/a"), "200 GET /a "},
          {"a body by length", post + "Content-Length: 3\r\n\r\nabc", "200 POST /p abc"},
          {"a chunked body", post + "Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n2\r\nbc\r\n0\r\nT: u\r\n\r\n",
           "200 POST /p abc"},
          {"HEAD: the head of GET's answer", "HEAD /a HTTP/1.1\r\nHost: a\r\n\r\n", "200 "},
          {"204 without a body", get("/empty"), "204 "},
          {"the client wants to close", "GET /a HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
           "200 GET /a  (close)"},
          {"the handler wants to", get("/close"), "200 GET /close  (close)"},
          {"HTTP/1.0 closes", "GET /a HTTP/1.0\r\n\r\n", "200 GET /a  (close)"},
          {"HTTP/1.0 keeps", "GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", "200 GET /a "},
          {"an exception", get("/throw"), "500 " + failed},
          {"an exception that is none", get("/throw-int"), "500 " + failed},
          {"a line break in a header", get("/split"), "500 " + failed},
          {"an interim status", get("/interim"), "500 " + failed},
          {"framing is not the handler's", get("/framing"), "200 GET /framing "},
      }));
}

namespace {

asio::awaitable<void> pipeline(asio::any_io_executor executor, Server* server) {
  Peer peer(executor);
  co_await peer.connect(server->port());
  std::string requests;
  for (int i = 0; i < 200; ++i) requests += get("/" + std::to_string(i));
  co_await peer.send(requests + "POST /p HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nab" + get("/last"));
  for (int i = 0; i < 200; ++i) {
    const std::string response = co_await peer.response();
    REQUIRE(response == "200 GET /" + std::to_string(i) + " ");
  }
  std::string response = co_await peer.response();
  CHECK(response == "200 POST /p ab");
  response = co_await peer.response();
  CHECK(response == "200 GET /last ");
  CHECK(server->connections() == 1);
}

}  // namespace

TEST_CASE("pipelined requests are answered in order") {
  Loop loop;
  Server server(loop.executor(), echo);
  REQUIRE(server.start().ok());
  loop.play(pipeline(loop.executor(), &server));
}

namespace {

asio::awaitable<void> expect_continue(asio::any_io_executor executor, std::uint16_t port) {
  Peer peer(executor);
  co_await peer.connect(port);
  const std::string head = "POST /p HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n";
  for (int i = 0; i < 2; ++i) {  // each request of a connection anew
    co_await peer.send(head + "Content-Length: 2\r\n\r\n");
    const std::string interim = co_await peer.read(25);
    CHECK(interim == "HTTP/1.1 100 Continue\r\n\r\n");
    co_await peer.send("a");
    co_await peer.send("b");
    const std::string response = co_await peer.response();
    CHECK(response == "200 POST /p ab");
  }
  // Refused by its length: no interim answer comes first.
  co_await peer.send(head + "Content-Length: 999999999\r\n\r\n");
  const std::string refused = co_await peer.read(12);
  CHECK(refused == "HTTP/1.1 413");
}

}  // namespace

TEST_CASE("100-continue") {
  Loop loop;
  Server server(loop.executor(), echo);
  REQUIRE(server.start().ok());
  loop.play(expect_continue(loop.executor(), server.port()));
}

namespace {

asio::awaitable<void> read_large(asio::any_io_executor executor, std::uint16_t port) {
  Peer peer(executor);
  co_await peer.connect(port);
  co_await peer.send(get("/large") + get("/after"));
  std::string response = co_await peer.response();
  CHECK(response.size() == 4 + 8 * 1024 * 1024);
  response = co_await peer.response();
  CHECK(response == "200 GET /after ");
}

asio::awaitable<void> send_on_after_the_last(asio::any_io_executor executor, std::uint16_t port) {
  Peer peer(executor);
  co_await peer.connect(port);
  // What the server leaves unread must not cost the client the answer that is on its way.
  co_await peer.send("GET /large HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n" + std::string(100'000, 'x'));
  const std::string response = co_await peer.response();
  CHECK(response.size() == 4 + 8 * 1024 * 1024 + 8);  // "200 ", the body, " (close)"
}

}  // namespace

TEST_CASE("the last answer arrives whole though the client sends on") {
  Loop loop;
  Server server(loop.executor(), echo);
  REQUIRE(server.start().ok());
  loop.play(send_on_after_the_last(loop.executor(), server.port()));
}

TEST_CASE("an answer larger than what the socket takes at once") {
  Loop loop;
  Server server(loop.executor(), echo);
  REQUIRE(server.start().ok());
  loop.play(read_large(loop.executor(), server.port()));
}

TEST_CASE("a server that cannot listen says where and why") {
  Loop loop;
  asio::ip::tcp::acceptor taken(loop.executor(), {asio::ip::address_v4::loopback(), 0});
  const std::uint16_t port = taken.local_endpoint().port();
  struct Address {
    std::string address;
    std::uint16_t port;
    std::string message;
  };
  const Address rows[] = {
      {"127.0.0.1", port, "listen on 127.0.0.1:" + std::to_string(port) + ": Address already in use"},
      {"192.0.2.1", 0, "listen on 192.0.2.1:0: Cannot assign requested address"},  // not this machine's
      {"localhost", 0, "listen on localhost:0: not an IP address"},
      {"", 0, "listen on :0: not an IP address"},
  };
  for (const Address& row : rows) {
    ServerOptions options;
    options.address = row.address;
    options.port = row.port;
    Server server(loop.executor(), echo, options);
    const Result<void> started = server.start();
    REQUIRE_FALSE(started.ok());
    CHECK(started.error().message == row.message);
  }
}

TEST_CASE("clients that came while the loop was busy are accepted together, not one by one between its other work") {
  constexpr std::size_t kClients = 50;
  asio::io_context context{1};
  Server server(context.get_executor(), echo);
  REQUIRE(server.start().ok());
  std::vector<asio::ip::tcp::socket> clients;  // connected: the kernel does that before anybody accepts
  while (clients.size() < kClients) {
    clients.emplace_back(context).connect({asio::ip::address_v4::loopback(), server.port()});
  }
  int turns = 0;
  std::function<void()> other_work = [&] {
    ++turns;
    asio::post(context, other_work);
  };
  other_work();
  while (server.connections() < kClients && turns < 1000) context.run_one_for(std::chrono::seconds(10));
  CHECK(server.connections() == kClients);
  CHECK(turns < 10);
}

TEST_CASE("two servers may hold one port, for a restart without a gap") {
  Loop loop;
  Server first(loop.executor(), echo);
  REQUIRE(first.start().ok());
  ServerOptions options;
  options.port = first.port();
  Server second(loop.executor(), echo, options);
  CHECK(second.start().ok());
  CHECK(second.port() == first.port());
}
