#include "base/http/client.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

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

/// What became of requests that went out one behind the other.
struct Outcome {
  std::size_t answered = 0;
  Error error;  ///< of the first one without an answer; says nothing of the request
};

/// Sends them on one connection, again on a fresh one where that is allowed. `requests` must outlive the call.
asio::awaitable<Outcome> send_on_one(std::shared_ptr<ClientState> state, std::span<const ClientRequest* const> requests,
                                     Deadline deadline, ClientConnection::Answered answered) {
  if (state->stopped || !co_await ClientState::take_slot(state, deadline)) {
    co_return Outcome{0, timeout_error("no free connection in time")};
  }
  ClientLease lease(state);
  const bool repeatable = std::all_of(requests.begin(), requests.end(),
                                      [](const ClientRequest* request) { return is_repeatable(request->method); });
  for (bool may_pool = true; !state->stopped; may_pool = false) {
    std::shared_ptr<ClientConnection> pooled = may_pool ? state->take_idle() : nullptr;
    const bool reused = pooled != nullptr;
    if (reused) {
      lease.hold(std::move(pooled));
    } else {
      const Result<void> opened = co_await ClientState::open_connection(state, &lease, deadline);
      if (!opened) co_return Outcome{0, opened.error()};
    }
    Exchange exchange = co_await lease.connection().exchange(requests, state->host_field, deadline, answered);
    if (exchange.complete && exchange.reusable) lease.keep();
    if (exchange.complete || !reused || !exchange.stale || !repeatable) {
      co_return Outcome{exchange.answered, std::move(exchange.error)};
    }
  }
  co_return Outcome{};
}

asio::awaitable<Result<Response>> send_alone(std::shared_ptr<ClientState> state, ClientRequest request,
                                             Deadline deadline) {
  const ClientRequest* const only = &request;
  Response response;
  const ClientConnection::Answered answered = [&response](std::size_t, Response answer) {
    response = std::move(answer);
  };
  const Outcome outcome = co_await send_on_one(state, {&only, 1}, deadline, answered);
  if (outcome.answered == 1) co_return response;
  co_return failure(*state, request_name(*state, request), outcome.error);
}

/// Each call's `done` is called exactly once.
asio::awaitable<void> send_together(std::shared_ptr<ClientState> state, std::vector<PipelinedCall> calls) {
  std::vector<const ClientRequest*> requests;
  Deadline deadline = Deadline::max();
  for (const PipelinedCall& call : calls) {
    requests.push_back(&call.request);
    deadline = std::min(deadline, call.deadline);
  }
  const ClientConnection::Answered answered = [&](std::size_t number, Response response) {
    --state->pipelined;
    asio::post(state->executor, [done = std::move(calls[number].done), response = std::move(response)]() mutable {
      done(std::move(response));
    });
  };
  const Outcome outcome = co_await send_on_one(state, requests, deadline, answered);
  for (std::size_t number = outcome.answered; number < calls.size(); ++number) {
    --state->pipelined;
    calls[number].done(failure(*state, request_name(*state, calls[number].request), outcome.error));
  }
}

asio::awaitable<Result<Response>> send_pipelined(std::shared_ptr<ClientState> state, ClientRequest request,
                                                 Deadline deadline) {
  // The state by reference: gcc 12 destroys once too often what a lambda in such an expression captures by value.
  co_return co_await asio::async_initiate<decltype(asio::use_awaitable), void(Result<Response>)>(
      [&state](auto handler, ClientRequest asked, Deadline latest) {
        auto waiting = std::make_shared<decltype(handler)>(std::move(handler));  // std::function wants a copyable one
        state->gather(
            {std::move(asked), latest, [waiting](Result<Response> result) { (*waiting)(std::move(result)); }});
      },
      asio::use_awaitable, std::move(request), deadline);
}

asio::awaitable<Result<Response>> send_request(std::shared_ptr<ClientState> state, ClientRequest request,
                                               Deadline deadline) {
  if (!sendable(request)) {
    co_return usage_error(request_name(*state, request) + "cannot be sent: bad method, target or header field");
  }
  const bool pipelined = state->options.pipeline_depth > 1 && !state->stopped;
  co_return co_await (pipelined ? send_pipelined : send_alone)(state, std::move(request), deadline);
}

}  // namespace

void ClientState::gather(PipelinedCall call) {
  ++pipelined;
  auto calls = gathering.lock();
  if (!calls) {
    calls = std::make_shared<std::vector<PipelinedCall>>();
    gathering = calls;
    asio::post(executor, [self = shared_from_this(), calls] {
      self->gathering.reset();
      self->send_gathered(std::move(*calls));
    });
  }
  calls->push_back(std::move(call));
}

void ClientState::send_gathered(std::vector<PipelinedCall> calls) {
  const std::size_t wanted = (pipelined + options.pipeline_after - 1) / options.pipeline_after;
  const std::size_t together = std::clamp<std::size_t>(wanted, 1, options.pipeline_depth);
  for (std::size_t begin = 0; begin < calls.size(); begin += together) {
    const auto first = calls.begin() + static_cast<std::ptrdiff_t>(begin);
    const auto size = static_cast<std::ptrdiff_t>(std::min(together, calls.size() - begin));
    std::vector<PipelinedCall> batch(std::make_move_iterator(first), std::make_move_iterator(first + size));
    asio::co_spawn(executor, send_together(shared_from_this(), std::move(batch)), asio::detached);
  }
}

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
