#include "base/http/client_pool.hpp"

#include <algorithm>

namespace tidegate::http {

ClientState::ClientState(asio::any_io_executor executor_in, std::string host_in, std::uint16_t port_in,
                         ClientOptions options_in)
    : executor(std::move(executor_in)),
      host(std::move(host_in)),
      port(port_in),
      host_field(host_and_port(host, port)),
      options(options_in),
      resolver(executor) {}

asio::awaitable<bool> ClientState::take_slot(std::shared_ptr<ClientState> state, Deadline deadline) {
  if (state->slots_taken < state->options.max_connections) {
    ++state->slots_taken;
    co_return true;
  }
  const auto waiter = std::make_shared<Waiter>(state->executor);
  state->waiters.push_back(waiter);
  waiter->timer.expires_at(deadline);
  co_await waiter->timer.async_wait(asio::as_tuple(asio::use_awaitable));
  if (waiter->granted) co_return true;
  std::erase_if(state->waiters, [&waiter](const auto& other) { return other.lock() == waiter; });
  co_return false;
}

void ClientState::release_slot() {
  while (!waiters.empty()) {
    const std::shared_ptr<Waiter> next = waiters.front().lock();
    waiters.pop_front();
    if (!next) continue;
    next->granted = true;  // the slot passes on
    next->timer.cancel();
    return;
  }
  --slots_taken;
}

asio::awaitable<error_code> ClientState::resolve(std::shared_ptr<ClientState> state) {
  error_code error;
  const asio::ip::address address = asio::ip::make_address(state->host, error);
  if (!error) {
    state->endpoints.assign(1, {address, state->port});
    co_return error;
  }
  error.clear();
  const auto results = co_await state->resolver.async_resolve(state->host, std::to_string(state->port),
                                                              asio::redirect_error(asio::use_awaitable, error));
  state->endpoints.clear();
  for (const auto& entry : results) state->endpoints.push_back(entry.endpoint());
  co_return error;
}

asio::awaitable<Result<void>> ClientState::open_connection(std::shared_ptr<ClientState> state, ClientLease* lease,
                                                           Deadline deadline) {
  lease->hold(std::make_shared<ClientConnection>(state->executor, state->options.limits));
  ClientConnection& connection = lease->connection();
  if (state->endpoints.empty()) {
    const error_code unresolved = co_await resolve(state);
    if (unresolved || state->stopped) co_return state->connect_error(connection, unresolved);
  }
  const Deadline latest = deadline_after(state->options.connect_timeout);
  const error_code error = co_await connection.connect(state->endpoints, std::min(deadline, latest));
  if (error) co_return state->connect_error(connection, error);
  co_return Result<void>();
}

Error ClientState::connect_error(const ClientConnection& connection, error_code error) const {
  const std::string place = "connect " + host_field + ": ";
  if (connection.timed_out()) return timeout_error(place + "no connection in time");
  return closed_error(place + error.message());
}

std::shared_ptr<ClientConnection> ClientState::take_idle() {
  const Deadline now = std::chrono::steady_clock::now();
  const auto fresh = std::find_if(idle.begin(), idle.end(), [this, now](const auto& connection) {
    return now - connection->idle_since < options.idle_timeout;
  });
  idle.erase(idle.begin(), fresh);
  while (!idle.empty()) {
    std::shared_ptr<ClientConnection> connection = std::move(idle.back());
    idle.pop_back();
    if (connection->is_quiet()) return connection;
  }
  return nullptr;
}

void ClientState::keep_idle(std::shared_ptr<ClientConnection> connection) {
  connection->idle_since = std::chrono::steady_clock::now();
  idle.push_back(std::move(connection));
}

void ClientState::stop() {
  stopped = true;
  resolver.cancel();
  idle.clear();
  for (ClientConnection* const connection : busy) connection->close();
  for (const auto& waiter : waiters) {
    if (const auto held = waiter.lock()) held->timer.cancel();
  }
}

ClientLease::~ClientLease() {
  drop();
  state_->release_slot();
}

void ClientLease::hold(std::shared_ptr<ClientConnection> connection) {
  drop();
  connection_ = std::move(connection);
  state_->busy.insert(connection_.get());
}

void ClientLease::drop() {
  if (!connection_) return;
  state_->busy.erase(connection_.get());
  connection_->close();
  connection_.reset();
}

void ClientLease::keep() {
  if (!connection_ || state_->stopped) return;
  state_->busy.erase(connection_.get());
  state_->keep_idle(std::move(connection_));
}

}  // namespace tidegate::http
