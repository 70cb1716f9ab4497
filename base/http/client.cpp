#include "base/http/client.hpp"

#include "base/http/client_pool.hpp"
#include "base/http/serialize.hpp"

namespace tidegate::http {

namespace {

/// May be sent twice, should the first one have been processed (RFC 9110 section 9.2.2).
bool is_repeatable(const std::string& method) {
  return method == "GET" || method == "HEAD" || method == "PUT" || method == "DELETE";
}

std::string request_name(const ClientState& state, const ClientRequest& request) {
  return request.method + " http://" + state.host_field + request.target + ": ";
}

/// stop() fails whatever was going on, in ways that say nothing of the reason.
Error failure(const ClientState& state, const std::string& name, Error error) {
  if (state.stopped) return closed_error(name + "the client was stopped");
  error.message = name + error.message;
  return error;
}

asio::awaitable<Result<Response>> send_request(std::shared_ptr<ClientState> state, ClientRequest request,
                                               Deadline deadline) {
  const std::string name = request_name(*state, request);
  if (!sendable(request)) co_return usage_error(name + "cannot be sent: bad method, target or header field");
  if (state->stopped || !co_await ClientState::take_slot(state, deadline)) {
    co_return failure(*state, name, timeout_error("no free connection in time"));
  }
  ClientLease lease(state);
  for (bool may_pool = true; !state->stopped; may_pool = false) {
    std::shared_ptr<ClientConnection> pooled = may_pool ? state->take_idle() : nullptr;
    const bool reused = pooled != nullptr;
    if (reused) {
      lease.hold(std::move(pooled));
    } else {
      const Result<void> opened = co_await ClientState::open_connection(state, &lease, deadline);
      if (!opened) co_return failure(*state, name, opened.error());
    }
    const Exchange exchange = co_await lease.connection().exchange(&request, state->host_field, deadline);
    if (exchange.complete) {
      Response response = lease.connection().take_response();
      if (exchange.reusable) lease.keep();
      co_return response;
    }
    if (!reused || !exchange.stale || !is_repeatable(request.method)) {
      co_return failure(*state, name, exchange.error);
    }
  }
  co_return failure(*state, name, Error());
}

}  // namespace

Client::Client(asio::any_io_executor executor, std::string host, std::uint16_t port, ClientOptions options)
    : state_(std::make_shared<ClientState>(std::move(executor), std::move(host), port, options)) {}

Client::~Client() {
  state_->stop();
}

asio::awaitable<Result<Response>> Client::send(ClientRequest request, Nanoseconds timeout) {
  return send_request(state_, std::move(request), deadline_after(timeout));
}

void Client::stop() {
  state_->stop();
}

}  // namespace tidegate::http
