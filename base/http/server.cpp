#include "base/http/server.hpp"

#include "base/http/server_state.hpp"

namespace tidegate::http {

Server::Server(asio::any_io_executor executor, Handler handler, ServerOptions options)
    : state_(std::make_shared<ServerState>(std::move(executor), std::move(handler), std::move(options))) {}

Server::~Server() {
  state_->refuse();
  state_->abort();
}

Result<void> Server::start() {
  if (Result<void> listening = state_->listen(); !listening) return listening;
  asio::co_spawn(state_->executor, ServerState::accept_connections(state_), log_failure);
  asio::co_spawn(state_->executor, ServerState::sweep_timeouts(state_), log_failure);
  return {};
}

std::uint16_t Server::port() const noexcept {
  return state_->port;
}

std::size_t Server::connections() const noexcept {
  return state_->connections.size();
}

asio::awaitable<void> Server::stop(Nanoseconds limit) {
  return ServerState::drain(state_, limit);
}

}  // namespace tidegate::http
