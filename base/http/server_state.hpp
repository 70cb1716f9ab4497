#pragma once
// What a server's parts share. Internal to base/http.

#include <functional>
#include <memory>
#include <unordered_set>

#include "base/http/server.hpp"

namespace tidegate::http {

class ServerConnection;

/// Kept alive by the server and by each of its coroutines, so that a handler that outlives the server finds it.
struct Server::State : std::enable_shared_from_this<Server::State> {
  using Time = std::chrono::steady_clock::time_point;

  State(asio::any_io_executor executor, Handler handler, ServerOptions options);

  Result<void> listen();
  /// Coroutines; each ends when the server closes.
  static asio::awaitable<void> accept_connections(std::shared_ptr<State> state);
  static asio::awaitable<void> sweep_timeouts(std::shared_ptr<State> state);

  void add_connection(asio::ip::tcp::socket socket);
  void remove_connection(const std::shared_ptr<ServerConnection>& connection);
  /// Stops to accept; connections without a request in progress end.
  void refuse();
  /// Closes every connection and cancels what their handlers wait for.
  void abort();

  asio::any_io_executor executor;
  Handler handler;
  ServerOptions options;
  asio::ip::tcp::acceptor acceptor;
  std::uint16_t port = 0;
  asio::steady_timer accept_pause;  // waits out a lack of descriptors
  asio::steady_timer sweep_timer;
  asio::steady_timer emptied;       // cancelled when the last connection ends
  Nanoseconds sweep_period{};
  Time now;                         // of the last sweep: the hot path reads no clock
  bool draining = false;
  bool aborted = false;
  std::unordered_set<std::shared_ptr<ServerConnection>> connections;
};

}  // namespace tidegate::http
