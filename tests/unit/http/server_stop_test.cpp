// How a server ends: refuse, drain with a limit, abort; or destroyed with everything in the air.
#include "base/http/server.hpp"
#include "tests/unit/http/loopback.hpp"

using namespace tidegate;
using namespace tidegate::http;

namespace {

const std::string get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

struct Held {
  explicit Held(Loop& loop) : entered(loop.executor()), release(loop.executor()) {}
  Handler handler() {
    return [this](const Request&) { return hold(this); };
  }
  static asio::awaitable<Response> hold(Held* held) {
    held->entered.set();
    co_await held->release.wait();
    held->completed = true;
    co_return Response{};
  }
  Event entered, release;
  bool completed = false;
};

asio::awaitable<void> stop_and_tell(Server* server, Nanoseconds limit, Event* stopped) {
  co_await server->stop(limit);
  stopped->set();
}

asio::awaitable<void> drain(Loop* loop, Server* server, Held* held) {
  Peer idle(loop->executor()), busy(loop->executor());
  co_await idle.connect(server->port());
  co_await busy.connect(server->port());
  co_await busy.send(get + get);
  co_await held->entered.wait();
  Event stopped(loop->executor());
  loop->spawn(stop_and_tell(server, std::chrono::seconds(15), &stopped));

  bool closed = co_await idle.closed();  // at once
  CHECK(closed);
  CHECK_FALSE(stopped.is_set());
  bool refused = false;
  try {
    Peer late(loop->executor());
    co_await late.connect(server->port());
  } catch (const boost::system::system_error& error) {
    refused = error.code() == asio::error::connection_refused;
  }
  CHECK(refused);

  held->release.set();
  const std::string response = co_await busy.response();
  CHECK(response == "200  (close)");  // answered, and the one behind it is not
  closed = co_await busy.closed();
  CHECK(closed);
  busy.close();
  co_await stopped.wait();
  CHECK(server->connections() == 0);
}

asio::awaitable<Response> answer(const Request&) {
  co_return Response{};
}

asio::awaitable<void> stop_under_a_request(Loop* loop, Server* server) {
  Peer peer(loop->executor());
  co_await peer.connect(server->port());
  co_await peer.send(get);
  std::string response = co_await peer.response();
  CHECK(response == "200 ");
  // The next request is in the socket when the server stops, and the server may not have seen it yet.
  co_await peer.send(get);
  Event stopped(loop->executor());
  loop->spawn(stop_and_tell(server, std::chrono::seconds(15), &stopped));
  response = co_await peer.response();
  CHECK(response == "200  (close)");
  peer.close();
  co_await stopped.wait();
}

asio::awaitable<void> abort_at_the_limit(Loop* loop, Server* server, Event* entered) {
  Peer peer(loop->executor());
  co_await peer.connect(server->port());
  co_await peer.send(get);
  co_await entered->wait();
  co_await server->stop(std::chrono::milliseconds(20));
  CHECK(server->connections() == 0);
  const std::string response = co_await peer.response();
  CHECK(response.substr(0, 3) != "200");
}

asio::awaitable<Response> wait_for_ever(Event* entered) {
  entered->set();
  asio::steady_timer timer(co_await asio::this_coro::executor, asio::steady_timer::time_point::max());
  co_await timer.async_wait(asio::use_awaitable);
  co_return Response{};
}

asio::awaitable<void> connect_and_enter(std::uint16_t port, Event* entered, Peer* peer) {
  co_await peer->connect(port);
  co_await peer->send(get);
  co_await entered->wait();
}

asio::awaitable<void> expect_no_answer(Peer* peer) {
  const std::string response = co_await peer->response();
  CHECK(response.substr(0, 3) != "200");
}

}  // namespace

TEST_CASE("stop() lets requests in progress end and refuses new ones") {
  Loop loop;
  Held held(loop);
  Server server(loop.executor(), held.handler());
  REQUIRE(server.start().ok());
  loop.play(drain(&loop, &server, &held));
  CHECK(held.completed);
}

TEST_CASE("stop() answers a request that came in just before") {
  Loop loop;
  Server server(loop.executor(), answer);
  REQUIRE(server.start().ok());
  loop.play(stop_under_a_request(&loop, &server));
}

TEST_CASE("stop() cancels, at its limit, what handlers wait for") {
  Loop loop;
  Event entered(loop.executor());
  Server server(loop.executor(), [&entered](const Request&) { return wait_for_ever(&entered); });
  REQUIRE(server.start().ok());
  loop.play(abort_at_the_limit(&loop, &server, &entered));
}

TEST_CASE("stop() of a server without connections, or not started, or stopped before, returns") {
  Loop loop;
  Event entered(loop.executor());
  Server server(loop.executor(), [&entered](const Request&) { return wait_for_ever(&entered); });
  loop.play(server.stop(std::chrono::seconds(15)));
  Server other(loop.executor(), [&entered](const Request&) { return wait_for_ever(&entered); });
  REQUIRE(other.start().ok());
  loop.play(other.stop(std::chrono::seconds(15)));
  loop.play(other.stop(std::chrono::seconds(15)));
}

TEST_CASE("destroying a server cancels its handlers") {
  Loop loop;
  Event entered(loop.executor());
  Peer peer(loop.executor());
  {
    Server server(loop.executor(), [&entered](const Request&) { return wait_for_ever(&entered); });
    REQUIRE(server.start().ok());
    loop.play(connect_and_enter(server.port(), &entered, &peer));
  }
  loop.poll();
  loop.play(expect_no_answer(&peer));
}

TEST_CASE("an event loop may be destroyed with a handler in the air") {
  // Nothing to check but that the sanitizers find no leak and no use of what is gone.
  auto loop = std::make_unique<Loop>();
  auto entered = std::make_unique<Event>(loop->executor());
  auto peer = std::make_unique<Peer>(loop->executor());
  auto server =
      std::make_unique<Server>(loop->executor(), [&entered](const Request&) { return wait_for_ever(entered.get()); });
  REQUIRE(server->start().ok());
  loop->play(connect_and_enter(server->port(), entered.get(), peer.get()));
  CHECK(server->connections() == 1);
  server.reset();
  peer.reset();
  entered.reset();
  loop.reset();
}
