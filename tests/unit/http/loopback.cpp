#include "tests/unit/http/loopback.hpp"

#include "base/http/parser.hpp"

namespace tidegate::http {

namespace {

using asio::ip::tcp;
constexpr auto deadline = std::chrono::seconds(20);

void reset_connection(tcp::socket& socket) {
  socket.set_option(asio::socket_base::linger(true, 0));
  socket.close();
}

void rethrow(const std::exception_ptr& failure) {
  if (failure) std::rethrow_exception(failure);
}

}  // namespace

void Loop::play(asio::awaitable<void> coroutine) {
  bool ended = false;
  asio::co_spawn(context_, std::move(coroutine), [this, &ended](const std::exception_ptr& failure) {
    ended = true;
    context_.stop();
    rethrow(failure);
  });
  context_.restart();
  context_.run_for(deadline);
  REQUIRE(ended);
}

void Loop::spawn(asio::awaitable<void> coroutine) {
  asio::co_spawn(context_, std::move(coroutine), rethrow);
}

asio::awaitable<void> Event::wait() {
  while (!set_) co_await timer_.async_wait(asio::as_tuple(asio::use_awaitable));
}

asio::awaitable<void> Peer::connect(std::uint16_t port) {
  co_await socket_.async_connect({asio::ip::address_v4::loopback(), port}, asio::use_awaitable);
  socket_.set_option(tcp::no_delay(true));
}

asio::awaitable<void> Peer::send(std::string bytes) {
  co_await asio::async_write(socket_, asio::buffer(bytes), asio::as_tuple(asio::use_awaitable));
}

asio::awaitable<std::string> Peer::response(bool head) {
  ResponseParser parser;
  parser.reset(head);
  for (;;) {
    std::size_t consumed = 0;
    ParseStatus status = parser.feed(unread_, consumed);
    unread_.erase(0, consumed);
    if (status == ParseStatus::need_more) {
      std::string piece(64 * 1024, '\0');
      const auto [error, size] =
          co_await socket_.async_read_some(asio::buffer(piece), asio::as_tuple(asio::use_awaitable));
      unread_.append(piece, 0, size);
      if (!error) continue;
      if (error != asio::error::eof) co_return error.message();
      if (!parser.started()) co_return "closed";
      status = parser.finish();
    }
    if (status == ParseStatus::failed) co_return std::string(to_string(parser.error()));
    co_return std::to_string(parser.status()) + " " + std::string(parser.body()) +
        (parser.keep_alive() ? "" : " (close)");
  }
}

asio::awaitable<std::string> Peer::read(std::size_t size) {
  const std::size_t before = unread_.size();
  if (before < size) {
    unread_.resize(size);
    error_code ignored;
    const std::size_t got = co_await asio::async_read(socket_, asio::buffer(unread_.data() + before, size - before),
                                                      asio::redirect_error(asio::use_awaitable, ignored));
    unread_.resize(before + got);
  }
  const std::string bytes = unread_.substr(0, size);
  unread_.erase(0, size);
  co_return bytes;
}

asio::awaitable<bool> Peer::closed() {
  char byte = 0;
  const auto [error, size] =
      co_await socket_.async_read_some(asio::buffer(&byte, 1), asio::as_tuple(asio::use_awaitable));
  co_return unread_.empty() && size == 0 && error == asio::error::eof;
}

void Peer::reset() {
  reset_connection(socket_);
}

ScriptedServer::ScriptedServer(Loop& loop, std::vector<std::vector<std::string>> script)
    : loop_(loop), script_(std::move(script)), acceptor_(loop.executor(), {asio::ip::address_v4::loopback(), 0}) {
  loop_.spawn(accept());
}

ScriptedServer::~ScriptedServer() {
  acceptor_.close();
  for (const auto& held : sockets_) {
    if (const auto socket = held.lock()) socket->close();
  }
  loop_.poll();  // the coroutines end before the object does
}

asio::awaitable<void> ScriptedServer::accept() {
  for (;;) {
    auto socket = std::make_shared<tcp::socket>(loop_.executor());
    const auto [error] = co_await acceptor_.async_accept(*socket, asio::as_tuple(asio::use_awaitable));
    if (error) co_return;
    sockets_.push_back(socket);
    const std::size_t index = std::min(accepted_++, script_.size() - 1);
    loop_.spawn(serve(std::move(socket), script_[index]));
  }
}

asio::awaitable<void> ScriptedServer::serve(std::shared_ptr<tcp::socket> socket, std::vector<std::string> answers) {
  RequestParser parser(Limits{16 * 1024, 100, 64 * 1024 * 1024});
  std::string input;
  for (std::string& answer : answers) {
    std::size_t consumed = 0;
    parser.reset();
    while (parser.feed(input, consumed) == ParseStatus::need_more) {
      input.resize(64 * 1024);
      const auto [error, size] =
          co_await socket->async_read_some(asio::buffer(input), asio::as_tuple(asio::use_awaitable));
      if (error) co_return;
      input.resize(size);
    }
    input.erase(0, consumed);
    requests_.push_back(std::string(parser.request().method) + " " + std::string(parser.request().target));
    if (answer == "hang")
      answer = "";
    else if (answer == "close")
      co_return socket->close();
    const bool resets = answer.ends_with("reset") || answer.ends_with("<reset>");
    const bool closes = answer.ends_with("<close>");
    if (answer == "reset") answer.clear();
    if (answer.ends_with('>')) answer.resize(answer.rfind('<'));
    co_await asio::async_write(*socket, asio::buffer(answer), asio::as_tuple(asio::use_awaitable));
    if (resets) co_return reset_connection(*socket);
    if (closes) co_return socket->close();
    if (answer.empty()) {
      const auto [error] = co_await socket->async_wait(tcp::socket::wait_error, asio::as_tuple(asio::use_awaitable));
      static_cast<void>(error);
      co_return;
    }
  }
}

std::uint16_t unused_port(Loop& loop) {
  return tcp::acceptor(loop.executor(), {asio::ip::address_v4::loopback(), 0}).local_endpoint().port();
}

}  // namespace tidegate::http
