// The client's pool under concurrency, its end, and the client against the server.
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <thread>

#include "base/http/client.hpp"
#include "base/http/server.hpp"
#include "tests/unit/http/loopback.hpp"

using namespace tidegate;
using namespace tidegate::http;

namespace {

constexpr Nanoseconds long_enough = std::chrono::seconds(15);

ClientRequest get(std::string target) {
  ClientRequest request;
  request.target = std::move(target);
  return request;
}

/// Counts the requests it holds; releases them one by one, each when the next one is due.
struct Counter {
  explicit Counter(Loop& loop) : executor(loop.executor()) {}
  Handler handler() {
    return [this](const Request& request) { return handle(this, std::string(request.target)); };
  }
  static asio::awaitable<Response> handle(Counter* counter, std::string target) {
    counter->most = std::max(counter->most, ++counter->now);
    for (int i = 0; i < 20; ++i) co_await asio::post(counter->executor, asio::use_awaitable);
    --counter->now;
    Response response;
    response.body = target;
    co_return response;
  }
  asio::any_io_executor executor;
  int now = 0, most = 0;
};

asio::awaitable<void> send_and_count(Client* client, std::string target, int* answered, Event* all, int wanted) {
  const Result<Response> result = co_await client->send(get(target), long_enough);
  REQUIRE(result.ok());
  CHECK(result->body == target);
  if (++*answered == wanted) all->set();
}

}  // namespace

TEST_CASE("more requests than connections wait for a free one") {
  Loop loop;
  Counter counter(loop);
  Server server(loop.executor(), counter.handler());
  REQUIRE(server.start().ok());
  ClientOptions options;
  options.max_connections = 3;
  Client client(loop.executor(), "127.0.0.1", server.port(), options);
  Event all(loop.executor());
  int answered = 0;
  for (int i = 0; i < 40; ++i) loop.spawn(send_and_count(&client, "/" + std::to_string(i), &answered, &all, 40));
  loop.play(all.wait());
  CHECK(counter.most == 3);
  CHECK(server.connections() == 3);
}

namespace {

asio::awaitable<void> take_body(Client* client, std::vector<std::string>* bodies, Event* all, std::size_t wanted) {
  const Result<Response> result = co_await client->send(get("/"), long_enough);
  bodies->push_back(result.ok() ? result->body : result.error().message);
  if (bodies->size() == wanted) all->set();
}

}  // namespace

TEST_CASE("the connection used last is used next") {
  Loop loop;
  std::vector<std::vector<std::string>> script;
  for (const std::string name : {"A", "B", "C"}) {
    script.emplace_back(8, "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n" + name);
  }
  ScriptedServer server(loop, script);
  Client client(loop.executor(), "127.0.0.1", server.port());
  std::vector<std::string> bodies;
  Event together(loop.executor());
  for (int i = 0; i < 3; ++i) loop.spawn(take_body(&client, &bodies, &together, 3));
  loop.play(together.wait());
  const std::string last = bodies.back();
  for (int i = 0; i < 5; ++i) {
    Event one(loop.executor());
    loop.spawn(take_body(&client, &bodies, &one, bodies.size() + 1));
    loop.play(one.wait());
    CHECK(bodies.back() == last);
  }
  CHECK(server.accepted() == 3);
}

TEST_CASE("a request is repeated on a fresh connection, not on the next old one") {
  Loop loop;
  const std::string ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
  ScriptedServer server(loop, {{ok, "close"}, {ok, "close"}, {ok}});
  Client client(loop.executor(), "127.0.0.1", server.port());
  std::vector<std::string> bodies;
  Event together(loop.executor());
  for (int i = 0; i < 2; ++i) loop.spawn(take_body(&client, &bodies, &together, 2));
  loop.play(together.wait());
  Event third(loop.executor());
  loop.spawn(take_body(&client, &bodies, &third, 3));
  loop.play(third.wait());
  CHECK(bodies.back() == "ok");
  CHECK(server.accepted() == 3);
  CHECK(server.requests().size() == 4);
}

namespace {

asio::awaitable<void> send_into(Client* client, Nanoseconds timeout, std::string* outcome, Event* done) {
  const Result<Response> result = co_await client->send(get("/"), timeout);
  *outcome = result.ok() ? std::to_string(result->status) : result.error().message;
  done->set();
}

/// The outcomes of two requests for one connection on which nothing is answered.
struct Pair {
  explicit Pair(Loop& loop) : first_done(loop.executor()), second_done(loop.executor()) {}
  std::string first, second;
  Event first_done, second_done;
};

}  // namespace

TEST_CASE("waiting for a free connection counts in the timeout") {
  Loop loop;
  ScriptedServer server(loop, {{"hang"}, {"HTTP/1.1 204 x\r\n\r\n"}});
  ClientOptions options;
  options.max_connections = 1;
  Client client(loop.executor(), "127.0.0.1", server.port(), options);
  const std::string name = "GET http://127.0.0.1:" + std::to_string(server.port()) + "/: ";
  Pair pair(loop);
  loop.spawn(send_into(&client, std::chrono::milliseconds(200), &pair.first, &pair.first_done));
  loop.spawn(send_into(&client, std::chrono::milliseconds(30), &pair.second, &pair.second_done));
  loop.play(pair.second_done.wait());
  CHECK(pair.second == name + "no free connection in time");
  loop.play(pair.first_done.wait());
  CHECK(pair.first == name + "no complete answer in time");
  Pair again(loop);  // the one slot is free again
  loop.spawn(send_into(&client, long_enough, &again.first, &again.first_done));
  loop.play(again.first_done.wait());
  CHECK(again.first == "204");
}

TEST_CASE("stop() ends requests in progress, those that wait, and those to come") {
  Loop loop;
  ScriptedServer server(loop, {{"hang"}});
  ClientOptions options;
  options.max_connections = 1;
  Client client(loop.executor(), "127.0.0.1", server.port(), options);
  const std::string stopped = "GET http://127.0.0.1:" + std::to_string(server.port()) + "/: the client was stopped";
  Pair pair(loop);
  loop.spawn(send_into(&client, long_enough, &pair.first, &pair.first_done));
  loop.spawn(send_into(&client, long_enough, &pair.second, &pair.second_done));
  while (server.requests().empty()) loop.poll();
  client.stop();
  loop.play(pair.first_done.wait());
  loop.play(pair.second_done.wait());
  CHECK(pair.first == stopped);
  CHECK(pair.second == stopped);
  Pair late(loop);
  loop.spawn(send_into(&client, long_enough, &late.first, &late.first_done));
  loop.play(late.first_done.wait());
  CHECK(late.first == stopped);
  CHECK(server.accepted() == 1);
}

TEST_CASE("a request whose caller is cancelled gives its slot back and closes its connection") {
  Loop loop;
  ScriptedServer server(loop, {{"hang"}, {"HTTP/1.1 204 x\r\n\r\n"}});
  ClientOptions options;
  options.max_connections = 1;
  Client client(loop.executor(), "127.0.0.1", server.port(), options);
  Pair pair(loop);
  bool ended = false;
  asio::cancellation_signal cancel;
  asio::co_spawn(loop.executor(), send_into(&client, long_enough, &pair.first, &pair.first_done),
                 asio::bind_cancellation_slot(cancel.slot(), [&ended](const std::exception_ptr&) { ended = true; }));
  while (server.requests().empty()) loop.poll();
  cancel.emit(asio::cancellation_type::terminal);
  while (!ended) loop.poll();
  loop.spawn(send_into(&client, long_enough, &pair.second, &pair.second_done));
  loop.play(pair.second_done.wait());
  CHECK(pair.second == "204");
  CHECK(server.accepted() == 2);
}

TEST_CASE("an event loop may be destroyed with a request in the air") {
  // Nothing to check but that the sanitizers find no leak and no use of what is gone.
  for (const bool client_first : {true, false}) {
    auto loop = std::make_unique<Loop>();
    auto server = std::make_unique<Server>(loop->executor(), [](const Request&) -> asio::awaitable<Response> {
      asio::steady_timer timer(co_await asio::this_coro::executor, asio::steady_timer::time_point::max());
      co_await timer.async_wait(asio::use_awaitable);
      co_return Response{};
    });
    REQUIRE(server->start().ok());
    auto client = std::make_unique<Client>(loop->executor(), "127.0.0.1", server->port());
    auto pair = std::make_unique<Pair>(*loop);
    loop->spawn(send_into(client.get(), long_enough, &pair->first, &pair->first_done));
    while (server->connections() == 0) loop->poll();
    if (client_first) client.reset();
    server.reset();
    client.reset();
    pair.reset();
    loop.reset();
  }
}

namespace {

asio::awaitable<Response> upload_size(const Request& request) {
  Response response;
  response.body = std::to_string(request.body.size()) + " " +
                  std::string(request.header("content-type").value_or("none")) + " " +
                  std::string(request.header("host").value_or("none"));
  response.headers.emplace_back("X-Method", std::string(request.method));
  co_return response;
}

asio::awaitable<void> upload(Client* client, std::string host) {
  ClientRequest request;
  request.method = "POST";
  for (const std::size_t size : {0UL, 1UL, 5000UL, 4UL * 1024 * 1024}) {
    request.body.assign(size, 'x');
    const Result<Response> result = co_await client->send(request, long_enough);
    REQUIRE(result.ok());
    CHECK(result->body == std::to_string(size) + (size == 0 ? " none " : " application/json ") + host);
    REQUIRE(result->header("x-method") != nullptr);
    CHECK(*result->header("x-method") == "POST");
  }
  // Refused by the server while it is still being sent: the refusal is what the caller learns.
  request.body.assign(32 * 1024 * 1024, 'x');
  const Result<Response> refused = co_await client->send(request, long_enough);
  REQUIRE(refused.ok());
  CHECK(refused->status == 413);
}

}  // namespace

TEST_CASE("client and server together") {
  Loop loop;
  ServerOptions options;
  options.limits.body_bytes = 4 * 1024 * 1024;
  Server server(loop.executor(), upload_size, options);
  REQUIRE(server.start().ok());
  Client client(loop.executor(), "127.0.0.1", server.port());
  loop.play(upload(&client, "127.0.0.1:" + std::to_string(server.port())));
}

TEST_CASE("fetch") {
  asio::io_context loop(1);
  Server server(loop.get_executor(), upload_size);
  REQUIRE(server.start().ok());
  const std::string place = "127.0.0.1:" + std::to_string(server.port());
  std::thread thread([&loop] { loop.run_for(std::chrono::seconds(20)); });
  ClientRequest request;
  request.method = "PUT";
  request.body = "abc";
  request.content_type = "text/plain";
  request.target = "/ignored";
  const Result<Response> result = fetch("http://" + place + "/x?y", request, long_enough);
  const Result<Response> plain = fetch("http://" + place, long_enough);
  asio::post(loop, [&loop] { loop.stop(); });
  thread.join();
  REQUIRE(result.ok());
  CHECK(result->body == "3 text/plain " + place);
  REQUIRE(plain.ok());
  CHECK(plain->status == 200);
}

TEST_CASE("fetch says what is wrong") {
  Loop loop;
  const std::string place = "127.0.0.1:" + std::to_string(unused_port(loop));
  const std::pair<std::string, std::string> rows[] = {
      {"http://" + place + "/a", "GET http://" + place + "/a: connect " + place + ": Connection refused"},
      {place, "\"" + place + "\" is not a URL of the form http://host:port/path"},
      {"https://" + place, "\"https://" + place + "\": only http is supported"},
      {"", "\"\" is not a URL of the form http://host:port/path"},
  };
  for (const auto& [url, message] : rows) {
    const Result<Response> result = fetch(url, long_enough);
    REQUIRE_FALSE(result.ok());
    CHECK(result.error().message == message);
  }
  asio::ip::tcp::acceptor silent(loop.executor(), {asio::ip::address_v4::loopback(), 0});
  const Result<Response> late =
      fetch("http://127.0.0.1:" + std::to_string(silent.local_endpoint().port()), std::chrono::milliseconds(30));
  REQUIRE_FALSE(late.ok());
  CHECK(late.error().kind == Error::Kind::timeout);
}
