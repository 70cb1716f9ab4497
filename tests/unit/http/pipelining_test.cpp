// Requests that share a connection: what goes out together, how answers are given back, and what a failure takes along.

#include "tests/unit/http/loopback.hpp"

using namespace tidegate;
using namespace tidegate::http;

namespace {

constexpr Nanoseconds long_enough = std::chrono::seconds(15);

std::string ok(const std::string& body) {
  return "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

ServerOptions together(std::size_t pipelined) {
  ServerOptions options;
  options.pipelined = pipelined;
  return options;
}

ClientOptions pipelining(std::size_t depth, std::size_t after = 1) {
  ClientOptions options;
  options.pipeline_depth = depth;
  options.pipeline_after = after;
  return options;
}

/// Sends requests at the same time and keeps what became of each: "200 body", or the error's kind and message.
class Calls {
 public:
  Calls(Loop& loop, Client& client) : loop_(loop), client_(client), all_(loop.executor()) {}

  void make(std::size_t count, const std::string& method = "GET", Nanoseconds timeout = long_enough) {
    results.resize(count);
    for (std::size_t i = 0; i < count; ++i) loop_.spawn(call(i, method, timeout));
  }
  void wait() { loop_.play(all_.wait()); }

  std::vector<std::string> results;

 private:
  asio::awaitable<void> call(std::size_t number, std::string method, Nanoseconds timeout) {
    ClientRequest request;
    request.method = std::move(method);
    request.target = "/" + std::to_string(number);
    const Result<Response> result = co_await client_.send(std::move(request), timeout);
    if (result.ok()) {
      results[number] = std::to_string(result->status) + " " + result->body;
    } else {
      const std::string& message = result.error().message;
      results[number] = message.substr(message.rfind(": ") + 2);
    }
    if (++ended_ == results.size()) all_.set();
  }

  Loop& loop_;
  Client& client_;
  Event all_;
  std::size_t ended_ = 0;
};

asio::awaitable<Response> echo(const Request& request) {
  Response response;
  response.body = std::string(request.path);
  co_return response;
}

}  // namespace

TEST_CASE("requests made at the same time share connections only beyond the number from which they may") {
  struct Row {
    const char* why;
    std::size_t depth, after, calls, connections;
  };
  for (const Row& row :
       {Row{"no pipelining", 1, 1, 12, 12}, Row{"few", 8, 32, 12, 12}, Row{"as many as may be apart", 8, 12, 12, 12},
        Row{"two by two", 8, 6, 12, 6}, Row{"never more than the depth", 4, 1, 12, 3}, Row{"a rest", 5, 1, 12, 3}}) {
    INFO(row.why);
    Loop loop;
    Server server(loop.executor(), echo, together(16));
    REQUIRE(server.start().ok());
    Client client(loop.executor(), "127.0.0.1", server.port(), pipelining(row.depth, row.after));
    Calls calls(loop, client);
    calls.make(row.calls);
    calls.wait();
    for (std::size_t i = 0; i < row.calls; ++i) CHECK(calls.results[i] == "200 /" + std::to_string(i));
    CHECK(server.connections() == row.connections);
  }
}

TEST_CASE("a connection that carried several requests is used again") {
  Loop loop;
  Server server(loop.executor(), echo);
  REQUIRE(server.start().ok());
  Client client(loop.executor(), "127.0.0.1", server.port(), pipelining(8));
  for (int round = 0; round < 3; ++round) {
    Calls calls(loop, client);
    calls.make(8);
    calls.wait();
    for (std::size_t i = 0; i < 8; ++i) CHECK(calls.results[i] == "200 /" + std::to_string(i));
  }
  CHECK(server.connections() == 1);
}

TEST_CASE("what goes wrong on a shared connection") {
  const std::string last = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1\r\n\r\nb";
  const std::string none = "closed without an answer";
  struct Row {
    const char* why;
    std::string method;
    std::vector<std::string> script;
    std::vector<std::string> results;
  };
  const std::vector<Row> rows{
      {"all is well", "POST", {ok("a"), ok("b"), ok("c")}, {"200 a", "200 b", "200 c"}},
      {"it ends after one answer", "POST", {ok("a"), "close"}, {"200 a", none, none}},
      {"it ends inside an answer",
       "POST",
       {ok("a"), "HTTP/1.1 200<close>"},
       {"200 a", "closed inside the answer", "closed inside the answer"}},
      {"an answer says that it is the last", "POST", {ok("a"), last, ok("c")}, {"200 a", "200 b", none}},
      {"an answer is none",
       "POST",
       {ok("a"), "nonsense\r\n\r\n", ok("c")},
       {"200 a", "bad_start_line", "bad_start_line"}},
      {"more answers than requests", "POST", {ok("a"), ok("b"), ok("c") + ok("d")}, {"200 a", "200 b", "200 c"}},
      {"no answer at all, on a fresh connection", "GET", {"close"}, {none, none, none}},
  };
  for (const Row& row : rows) {
    INFO(row.why);
    Loop loop;
    ScriptedServer server(loop, {row.script});
    Client client(loop.executor(), "127.0.0.1", server.port(), pipelining(8));
    Calls calls(loop, client);
    calls.make(3, row.method);
    calls.wait();
    CHECK(calls.results == row.results);
    CHECK(server.accepted() == 1);
  }
}

TEST_CASE("a shared connection that gives no answer in time fails all that wait on it") {
  Loop loop;
  ScriptedServer server(loop, {{"hang"}});
  Client client(loop.executor(), "127.0.0.1", server.port(), pipelining(8));
  Calls calls(loop, client);
  calls.make(3, "POST", std::chrono::milliseconds(50));
  calls.wait();
  CHECK(calls.results == std::vector<std::string>(3, "no complete answer in time"));
}

TEST_CASE("requests on a pooled connection that has ended go out again only when all may be repeated") {
  for (const std::string method : {"GET", "POST"}) {
    INFO(method);
    Loop loop;
    ScriptedServer server(loop, {{ok("x"), "close"}, {ok("a"), ok("b")}});
    Client client(loop.executor(), "127.0.0.1", server.port(), pipelining(8));
    Calls first(loop, client);
    first.make(1);
    first.wait();
    CHECK(first.results.front() == "200 x");
    Calls calls(loop, client);
    calls.make(2, method);
    calls.wait();
    if (method == "GET") {
      CHECK(calls.results == std::vector<std::string>{"200 a", "200 b"});
    } else {
      CHECK(calls.results == std::vector<std::string>(2, "closed without an answer"));
    }
    CHECK(server.accepted() == (method == "GET" ? 2U : 1U));
  }
}

TEST_CASE("stop() ends requests that share a connection, and those that have not been sent") {
  for (const bool sent : {true, false}) {
    INFO(sent);
    Loop loop;
    ScriptedServer server(loop, {{"hang"}});
    Client client(loop.executor(), "127.0.0.1", server.port(), pipelining(8));
    Calls calls(loop, client);
    calls.make(3, "POST");
    while (sent && server.requests().empty()) loop.poll();
    client.stop();
    calls.wait();
    CHECK(calls.results == std::vector<std::string>(3, "the client was stopped"));
    Calls late(loop, client);
    late.make(1);
    late.wait();
    CHECK(late.results.front() == "the client was stopped");
  }
}

TEST_CASE("an event loop may be destroyed with requests gathered, or in the air, on a shared connection") {
  // Nothing to check but that the sanitizers find no leak and no use of what is gone.
  for (const bool sent : {true, false}) {
    auto loop = std::make_unique<Loop>();
    auto server = std::make_unique<ScriptedServer>(*loop, std::vector<std::vector<std::string>>{{"hang"}});
    auto client = std::make_unique<Client>(loop->executor(), "127.0.0.1", server->port(), pipelining(8));
    auto calls = std::make_unique<Calls>(*loop, *client);
    calls->make(3);
    while (sent && server->requests().empty()) loop->poll();
    server.reset();
    client.reset();
    calls.reset();
    loop.reset();
  }
}

namespace {

/// Holds requests until all that are wanted have come, so that handling them one by one would never end.
class Meeting {
 public:
  Meeting(Loop& loop, std::size_t wanted) : wanted_(wanted), all_(loop.executor()) {}
  Handler handler() {
    return [this](const Request& request) -> asio::awaitable<Response> {
      if (++here_ == wanted_) all_.set();
      co_await all_.wait();
      Response response;
      response.body = std::string(request.path);
      if (request.path == "/close") response.close = true;
      if (request.path == "/throw") throw std::runtime_error("planted");
      if (request.path == "/large") response.body.assign(512 * 1024, 'x');
      co_return response;
    };
  }

 private:
  std::size_t wanted_, here_ = 0;
  Event all_;
};

std::string request_for(const std::string& path) {
  return "GET " + path + " HTTP/1.1\r\nHost: a\r\n\r\n";
}

struct Conversation {
  const char* why;
  std::string sent;
  std::vector<std::string> answers;
  bool closed = false;
};

asio::awaitable<void> converse(asio::any_io_executor executor, std::uint16_t port, const Conversation* row) {
  Peer peer(executor);
  co_await peer.connect(port);
  co_await peer.send(row->sent);
  for (const std::string& expected : row->answers) {
    const std::string answer = co_await peer.response();
    CHECK(answer.substr(0, expected.size()) == expected);
  }
  if (!row->closed) co_return;
  const bool closed = co_await peer.closed();
  CHECK(closed);
}

}  // namespace

TEST_CASE("a server that may handles requests sent ahead at the same time, and answers in order") {
  const std::string large = "200 " + std::string(512 * 1024, 'x');
  const std::vector<Conversation> rows{
      {"two", request_for("/a") + request_for("/b"), {"200 /a", "200 /b"}},
      {"a large answer between small ones", request_for("/large") + request_for("/b"), {large, "200 /b"}},
      {"the first one fails", request_for("/throw") + request_for("/b"), {"500", "200 /b"}},
      {"a handler ends the connection",
       request_for("/a") + request_for("/close"),
       {"200 /a", "200 /close (close)"},
       true},
      {"nonsense behind them is refused after them",
       request_for("/a") + request_for("/b") + "nonsense\r\n\r\n",
       {"200 /a", "200 /b", "400"},
       true},
      {"the client ends the connection with its second request, what follows is not read",
       request_for("/a") + "GET /b HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n" + request_for("/c"),
       {"200 /a", "200 /b (close)"},
       true},
      {"part of a third one has come", request_for("/a") + request_for("/b") + "GET /c HT", {"200 /a", "200 /b"}},
  };
  for (const Conversation& row : rows) {
    INFO(row.why);
    Loop loop;
    Meeting meeting(loop, 2);
    Server server(loop.executor(), meeting.handler(), together(4));
    REQUIRE(server.start().ok());
    loop.play(converse(loop.executor(), server.port(), &row));
  }
}

TEST_CASE("a server handles no more at the same time than it may") {
  for (const std::size_t pipelined : {1U, 2U, 3U, 8U}) {
    INFO(pipelined);
    Loop loop;
    std::size_t now = 0, most = 0;
    Server server(
        loop.executor(),
        [&](const Request& request) -> asio::awaitable<Response> {
          most = std::max(most, ++now);
          asio::steady_timer timer(loop.executor(), std::chrono::milliseconds(2));
          co_await timer.async_wait(asio::use_awaitable);
          --now;
          Response response;
          response.body = std::string(request.path);
          co_return response;
        },
        together(pipelined));
    REQUIRE(server.start().ok());
    Conversation row{"seven at once", {}, {}};
    for (int i = 0; i < 7; ++i) {
      row.sent += request_for("/" + std::to_string(i));
      row.answers.push_back("200 /" + std::to_string(i));
    }
    loop.play(converse(loop.executor(), server.port(), &row));
    CHECK(most == std::min<std::size_t>(pipelined, 7));
  }
}

TEST_CASE("stop() of a server cancels, at its limit, what requests sent ahead wait for") {
  Loop loop;
  Meeting meeting(loop, 99);
  Server server(loop.executor(), meeting.handler(), together(4));
  REQUIRE(server.start().ok());
  const Conversation row{"never answered", request_for("/a") + request_for("/b"), {}, false};
  loop.play(converse(loop.executor(), server.port(), &row));
  loop.play(server.stop(std::chrono::milliseconds(20)));
  CHECK(server.connections() == 0);
}
