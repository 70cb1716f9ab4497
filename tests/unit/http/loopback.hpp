#pragma once
// Helpers for tests over the loopback: one event loop with a hard deadline, a raw client and a server that follows a
// script.

#include <memory>
#include <string>
#include <vector>

#include "base/asio.hpp"
#include "base/http/client.hpp"
#include "base/http/server.hpp"
#include "tests/support/catch.hpp"

namespace tidegate::http {

/// Everything in a test runs on it; nothing takes longer than the deadline.
class Loop {
 public:
  asio::any_io_executor executor() { return context_.get_executor(); }
  /// Runs the loop until the coroutine ends, and fails the test if it does not, or ends with an exception.
  void play(asio::awaitable<void> coroutine);
  /// Starts a coroutine beside the test's; an exception of it fails the test.
  void spawn(asio::awaitable<void> coroutine);
  /// Runs what is due now.
  void poll() {
    context_.restart();
    context_.poll();
  }

 private:
  asio::io_context context_{1};
};

/// What tests wait for instead of sleeping.
class Event {
 public:
  explicit Event(const asio::any_io_executor& executor) : timer_(executor, asio::steady_timer::time_point::max()) {}
  void set() {
    set_ = true;
    timer_.cancel();
  }
  bool is_set() const { return set_; }
  asio::awaitable<void> wait();

 private:
  bool set_ = false;
  asio::steady_timer timer_;
};

/// A client that sends what it is told.
class Peer {
 public:
  explicit Peer(const asio::any_io_executor& executor) : socket_(executor) {}

  asio::awaitable<void> connect(std::uint16_t port);
  asio::awaitable<void> send(std::string bytes);
  /// The next response, "STATUS BODY", with " (close)" behind it when it is the last; or why there is none.
  asio::awaitable<std::string> response(bool head = false);
  /// Exactly so many bytes, or fewer at the end of the connection.
  asio::awaitable<std::string> read(std::size_t size);
  /// True when the server closes without another byte, and without a reset.
  asio::awaitable<bool> closed();
  void close() { socket_.close(); }
  /// Ends the connection with a reset.
  void reset();

 private:
  asio::ip::tcp::socket socket_;
  std::string unread_;
};

/// Answers the n-th request of the m-th connection with script[m][n]; the last connection's script serves all later
/// ones. After the script's end it closes, as it does for "close"; "reset" resets, "hang" never answers; an answer that
/// ends in "<close>" or "<reset>" is followed by that.
class ScriptedServer {
 public:
  ScriptedServer(Loop& loop, std::vector<std::vector<std::string>> script);
  ~ScriptedServer();
  std::uint16_t port() const { return acceptor_.local_endpoint().port(); }
  std::size_t accepted() const { return accepted_; }
  /// "GET /a", in the order they came in.
  const std::vector<std::string>& requests() const { return requests_; }

 private:
  asio::awaitable<void> accept();
  asio::awaitable<void> serve(std::shared_ptr<asio::ip::tcp::socket> socket, std::vector<std::string> answers);

  Loop& loop_;
  std::vector<std::vector<std::string>> script_;
  asio::ip::tcp::acceptor acceptor_;
  std::vector<std::weak_ptr<asio::ip::tcp::socket>> sockets_;
  std::size_t accepted_ = 0;
  std::vector<std::string> requests_;
};

/// A port of 127.0.0.1 on which nobody listens.
std::uint16_t unused_port(Loop& loop);

}  // namespace tidegate::http
