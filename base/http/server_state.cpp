#include "base/http/server_state.hpp"

#include <fcntl.h>
#include <sys/socket.h>

#include <algorithm>

#include "base/http/server_connection.hpp"
#include "base/log.hpp"

namespace tidegate::http {

namespace {

using asio::ip::tcp;
using reuse_port = asio::detail::socket_option::boolean<SOL_SOCKET, SO_REUSEPORT>;

/// Connections beyond the limit that are told so properly; further ones are closed at once.
constexpr std::size_t refused_politely = 64;
/// A turn of the loop serves each connection that has something to read once. One that accepts a single new one gets
/// slower the more there are, just when clients open many because they wait.
constexpr int accepts_per_turn = 64;
constexpr auto descriptor_pause = std::chrono::milliseconds(50);
constexpr auto abort_limit = std::chrono::seconds(1);

/// The end of a connection's coroutine. The coroutine owns its connection through it, so that a coroutine that is
/// destroyed together with its event loop takes the connection along.
struct ConnectionEnded {
  std::shared_ptr<ServerConnection> connection;
  // An exception is the cancellation of abort(), or a lack of memory: either way this connection is over.
  void operator()(const std::exception_ptr&) const {}
};

void set_close_on_exec(int descriptor) {
  ::fcntl(descriptor, F_SETFD, FD_CLOEXEC);
}

}  // namespace

void log_failure(const std::exception_ptr& failure) {
  if (!failure) return;
  try {
    std::rethrow_exception(failure);
  } catch (const std::exception& exception) {
    log::error("http server: a task ended", {{"error", exception.what()}});
  }
}

ServerState::ServerState(asio::any_io_executor executor_in, Handler handler_in, ServerOptions options_in)
    : executor(std::move(executor_in)),
      handler(std::move(handler_in)),
      options(std::move(options_in)),
      acceptor(executor),
      accept_pause(executor),
      sweep_timer(executor),
      sweep_period(std::clamp<Nanoseconds>(std::min(options.header_timeout, options.idle_timeout) / 8,
                                           std::chrono::milliseconds(1), std::chrono::seconds(1))),
      now(std::chrono::steady_clock::now()) {}

Result<void> ServerState::listen() {
  const std::string place = "listen on " + host_and_port(options.address, options.port);
  error_code error;
  const asio::ip::address address = asio::ip::make_address(options.address, error);
  if (error) return usage_error(place + ": not an IP address");
  const tcp::endpoint endpoint(address, options.port);
  acceptor.open(endpoint.protocol(), error);
  if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error) acceptor.set_option(reuse_port(true), error);
  if (!error) acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
  if (!error) acceptor.non_blocking(true, error);
  if (!error) port = acceptor.local_endpoint(error).port();
  if (error) {
    error_code ignored;
    acceptor.close(ignored);
    return machine_error(place + ": " + error.message());
  }
  set_close_on_exec(acceptor.native_handle());
  return {};
}

asio::awaitable<void> ServerState::accept_connections(std::shared_ptr<ServerState> state) {
  bool failing = false;
  while (state->acceptor.is_open()) {
    tcp::socket socket(state->executor);
    const auto [error] = co_await state->acceptor.async_accept(socket, asio::as_tuple(asio::use_awaitable));
    if (!state->acceptor.is_open()) co_return;
    if (!error) {
      failing = false;
      state->add_connection(std::move(socket));
      state->accept_waiting();
      continue;
    }
    if (error == asio::error::connection_aborted) continue;  // gone before it was accepted
    if (!failing) log::warn("http server: accept failed, trying again", {{"error", error.message()}});
    failing = true;
    state->accept_pause.expires_after(descriptor_pause);
    co_await state->accept_pause.async_wait(asio::as_tuple(asio::use_awaitable));
  }
}

void ServerState::accept_waiting() {
  error_code error;
  for (int accepted = 0; accepted < accepts_per_turn; ++accepted) {
    tcp::socket socket(executor);
    acceptor.accept(socket, error);
    if (error) return;  // mostly: nobody waits; anything else the next turn meets again
    add_connection(std::move(socket));
  }
}

void ServerState::add_connection(tcp::socket socket) {
  error_code ignored;
  socket.set_option(tcp::no_delay(true), ignored);
  socket.non_blocking(true, ignored);
  set_close_on_exec(socket.native_handle());
  if (connections.size() >= options.max_connections + refused_politely) return;
  const bool refused = connections.size() >= options.max_connections;
  auto connection = std::make_shared<ServerConnection>(shared_from_this(), std::move(socket), refused);
  connections.insert(connection.get());
  asio::co_spawn(executor, connection->run(),
                 asio::bind_cancellation_slot(connection->cancellation(), ConnectionEnded{connection}));
}

void ServerState::remove_connection(ServerConnection* connection) {
  connections.erase(connection);
  if (!connections.empty()) return;
  for (const auto& waiter : drain_waiters) waiter->cancel();
  drain_waiters.clear();
}

asio::awaitable<void> ServerState::sweep_timeouts(std::shared_ptr<ServerState> state) {
  while (!state->aborted) {
    state->sweep_timer.expires_after(state->sweep_period);
    co_await state->sweep_timer.async_wait(asio::as_tuple(asio::use_awaitable));
    state->now = std::chrono::steady_clock::now();
    for (ServerConnection* const connection : state->connections) connection->check_timeout(state->now);
  }
}

void ServerState::refuse() {
  draining = true;
  error_code ignored;
  acceptor.close(ignored);
  accept_pause.cancel();
  for (ServerConnection* const connection : connections) connection->drain();
}

void ServerState::abort() {
  aborted = true;
  sweep_timer.cancel();
  // Held, for a cancelled handler may end its connection before the loop is over.
  std::vector<std::shared_ptr<ServerConnection>> all;
  for (ServerConnection* const connection : connections) all.push_back(connection->shared_from_this());
  for (const auto& connection : all) connection->abort();
}

asio::awaitable<bool> ServerState::wait_until_empty(std::shared_ptr<ServerState> state, Nanoseconds limit) {
  if (state->connections.empty()) co_return true;
  const auto waiter = std::make_shared<asio::steady_timer>(state->executor, limit);
  state->drain_waiters.push_back(waiter);
  co_await waiter->async_wait(asio::as_tuple(asio::use_awaitable));
  co_return state->connections.empty();
}

asio::awaitable<void> ServerState::drain(std::shared_ptr<ServerState> state, Nanoseconds limit) {
  state->refuse();
  const bool drained = co_await wait_until_empty(state, limit);
  state->abort();
  if (drained) co_return;
  if (!co_await wait_until_empty(state, abort_limit)) {
    log::warn("http server: handlers do not end", {{"connections", std::to_string(state->connections.size())}});
  }
}

}  // namespace tidegate::http
