#include "base/http/server_connection.hpp"

#include <array>

#include "base/http/serialize.hpp"
#include "base/log.hpp"

namespace tidegate::http {

namespace {

constexpr std::size_t first_input = 4 * 1024;
constexpr std::size_t largest_input = 16 * 1024;
/// Bodies up to this size are copied behind their head: cheaper than a second buffer for the kernel to gather.
constexpr std::size_t small_body = 4 * 1024;
constexpr std::size_t kept_output = 64 * 1024;
/// How long a client may take to close after its last answer.
constexpr Nanoseconds linger_limit = std::chrono::seconds(1);

/// "POST /v1/payments", for the log.
std::string description(const Request& request) {
  return std::string(request.method) + " " + std::string(request.path);
}

Response internal_error_response(const Request& request, std::string_view reason) {
  log::error("http handler failed", {{"request", description(request)}, {"error", std::string(reason)}});
  return problem(500, "the request could not be processed");
}

}  // namespace

ServerConnection::ServerConnection(std::shared_ptr<ServerState> server, asio::ip::tcp::socket socket, bool refused)
    : server_(std::move(server)),
      socket_(std::move(socket)),
      parser_(server_->options.limits),
      input_(first_input),
      since_(server_->now),
      refused_(refused) {}

asio::awaitable<void> ServerConnection::run() {
  if (refused_) {
    co_await answer_error(problem(503, "too many connections"));
    co_return;
  }
  for (bool open = true; open;) {
    std::size_t consumed = 0;
    const ParseStatus status = parser_.feed(unread(), consumed);
    begin_ += consumed;
    if (status == ParseStatus::need_more) {
      open = co_await read_more();
    } else if (status == ParseStatus::done) {
      open = co_await answer_request();
    } else {
      co_await answer_error(problem(parser_.error_status(), to_string(parser_.error())));
      open = false;
    }
  }
}

asio::awaitable<bool> ServerConnection::read_more() {
  if (server_->draining && !parser_.started()) co_return false;
  enter(parser_.started() ? Phase::reading : Phase::idle);
  // Only once a request: what comes next is a byte of the body.
  if (parser_.expects_continue() && !co_await send_rest("HTTP/1.1 100 Continue\r\n\r\n", {})) co_return false;
  if (end_ == input_.size() && end_ < largest_input) input_.resize(2 * end_);
  begin_ = 0;
  end_ = 0;
  auto [error, size] = co_await socket_.async_read_some(asio::buffer(input_), asio::as_tuple(asio::use_awaitable));
  if (timed_out_ && phase_ == Phase::reading) {
    co_await answer_error(problem(408, "the request did not arrive in time"));
    co_return false;
  }
  if (error == asio::error::operation_aborted && server_->draining && !timed_out_) {
    // Woken by drain(): a request that came in just before is still answered.
    size = socket_.read_some(asio::buffer(input_), error);
  }
  end_ = size;
  co_return !error;
}

asio::awaitable<bool> ServerConnection::answer_request() {
  enter(Phase::handling);
  const Request& request = parser_.request();
  Response response;
  try {
    response = co_await server_->handler(request);
    if (!sendable(response)) response = internal_error_response(request, "bad status or header field in the answer");
  } catch (const std::exception& exception) {
    if (server_->aborted) co_return false;
    response = internal_error_response(request, exception.what());
  } catch (...) {
    response = internal_error_response(request, "an exception of unknown type");
  }

  const bool keep_alive = parser_.keep_alive() && !response.close && !server_->draining;
  std::string_view body = prepare(response, request.method != "HEAD", keep_alive);
  std::string_view head = output_;
  enter(Phase::writing);
  if (!send_now(head, body)) co_return false;
  if (!head.empty() || !body.empty()) {
    if (!co_await send_rest(head, body)) co_return false;
  }
  if (!keep_alive) {
    co_await linger();
    co_return false;
  }
  if (output_.capacity() > kept_output) std::string().swap(output_);
  parser_.reset();
  co_return true;
}

asio::awaitable<void> ServerConnection::answer_error(Response response) {
  const std::string_view body = prepare(response, true, false);
  const std::string_view head = output_;
  timed_out_ = false;
  enter(Phase::writing);
  if (co_await send_rest(head, body)) co_await linger();
}

std::string_view ServerConnection::prepare(const Response& response, bool with_body, bool keep_alive) {
  output_.clear();
  append_head(output_, response, {keep_alive, parser_.started() && parser_.is_http_1_0()});
  if (!with_body || !status_has_body(response.status)) return {};
  if (response.body.size() > small_body) return response.body;
  output_ += response.body;
  return {};
}

bool ServerConnection::send_now(std::string_view& head, std::string_view& body) {
  error_code error;
  std::size_t sent = 0;
  if (body.empty()) {
    sent = socket_.write_some(asio::buffer(head), error);
  } else {
    const std::array<asio::const_buffer, 2> both{asio::buffer(head), asio::buffer(body)};
    sent = socket_.write_some(both, error);
  }
  if (error) return error == asio::error::would_block || error == asio::error::try_again;
  const std::size_t of_head = std::min(sent, head.size());
  head.remove_prefix(of_head);
  body.remove_prefix(sent - of_head);
  return true;
}

asio::awaitable<bool> ServerConnection::send_rest(std::string_view head, std::string_view body) {
  while (!head.empty() || !body.empty()) {
    const auto [error] =
        co_await socket_.async_wait(asio::ip::tcp::socket::wait_write, asio::as_tuple(asio::use_awaitable));
    if (error || timed_out_ || !send_now(head, body)) co_return false;
    since_ = server_->now;  // it reads: the limit is for standing still
  }
  co_return true;
}

asio::awaitable<void> ServerConnection::linger() {
  // Closing with unread bytes would reset the connection and could destroy the answer on its way (RFC 9112, 9.6).
  error_code error;
  socket_.shutdown(asio::ip::tcp::socket::shutdown_send, error);
  enter(Phase::lingering);
  while (!error) {
    co_await socket_.async_read_some(asio::buffer(input_), asio::redirect_error(asio::use_awaitable, error));
  }
}

void ServerConnection::enter(Phase phase) {
  if (phase_ == phase) return;
  phase_ = phase;
  since_ = server_->now;
}

Nanoseconds ServerConnection::limit() const {
  switch (phase_) {
    case Phase::idle:
      return server_->options.idle_timeout;
    case Phase::reading:
    case Phase::writing:
      return server_->options.header_timeout;
    case Phase::handling:
      return Nanoseconds::max();
    case Phase::lingering:
      return linger_limit;
  }
  return Nanoseconds::max();
}

void ServerConnection::check_timeout(ServerState::Time now) {
  // since_ was taken from the sweep before the phase began, so it may be one period too old.
  if (now - since_ - server_->sweep_period <= limit()) return;
  error_code ignored;
  timed_out_ = true;
  if (phase_ == Phase::reading) {
    socket_.cancel(ignored);
  } else {
    socket_.close(ignored);
  }
}

void ServerConnection::drain() {
  error_code ignored;
  if (phase_ == Phase::idle) socket_.cancel(ignored);
}

void ServerConnection::abort() {
  error_code ignored;
  socket_.close(ignored);
  cancel_handler_.emit(asio::cancellation_type::terminal);
}

}  // namespace tidegate::http
