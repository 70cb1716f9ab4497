#pragma once
// What a server's parts share. Internal to base/http.

#include <functional>
#include <memory>
#include <unordered_set>
#include <vector>

#include "base/http/server.hpp"

namespace tidegate::http {

class ServerConnection;

/// Completion of the coroutines that serve no one connection.
void log_failure(const std::exception_ptr& failure);

/// Kept alive by the server and by each of its coroutines, so that a handler that outlives the server finds it.
struct ServerState : std::enable_shared_from_this<ServerState> {
  using Time = std::chrono::steady_clock::time_point;

  ServerState(asio::any_io_executor executor, Handler handler, ServerOptions options);

  Result<void> listen();
  /// Coroutines; each ends when the server closes.
  static asio::awaitable<void> accept_connections(std::shared_ptr<ServerState> state);
  static asio::awaitable<void> sweep_timeouts(std::shared_ptr<ServerState> state);
  static asio::awaitable<void> drain(std::shared_ptr<ServerState> state, Nanoseconds limit);

  void accept_waiting();
  void add_connection(asio::ip::tcp::socket socket);
  void remove_connection(ServerConnection* connection);
  /// Stops to accept; connections without a request in progress end.
  void refuse();
  /// Until the last connection has ended; false when the time was up first.
  static asio::awaitable<bool> wait_until_empty(std::shared_ptr<ServerState> state, Nanoseconds limit);
  /// Closes every connection and cancels what their handlers wait for.
  void abort();

  asio::any_io_executor executor;
  Handler handler;
  ServerOptions options;
  asio::ip::tcp::acceptor acceptor;
  std::uint16_t port = 0;
  asio::steady_timer accept_pause;  // waits out a lack of descriptors
  asio::steady_timer sweep_timer;
  Nanoseconds sweep_period{};
  Time now;  // of the last sweep: the hot path reads no clock
  bool draining = false;
  bool aborted = false;
  std::unordered_set<ServerConnection*> connections;               // owned by their coroutines
  std::vector<std::shared_ptr<asio::steady_timer>> drain_waiters;  // cancelled when the last connection ends
};

}  // namespace tidegate::http
