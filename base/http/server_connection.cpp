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
      input_(first_input),
      since_(server_->now),
      refused_(refused) {
  parsers_.push_back(std::make_unique<RequestParser>(server_->options.limits));
}

asio::awaitable<void> ServerConnection::run() {
  if (refused_) {
    co_await answer_error(problem(503, "too many connections"));
    co_return;
  }
  for (bool open = true; open;) {
    std::size_t consumed = 0;
    const ParseStatus status = parser().feed(unread(), consumed);
    begin_ += consumed;
    if (status == ParseStatus::done) {
      ++complete_;
      if (batch_complete()) {
        open = co_await answer_batch();
      } else if (complete_ == parsers_.size()) {
        parsers_.push_back(std::make_unique<RequestParser>(server_->options.limits));
      }
    } else if (complete_ > 0) {
      open = co_await answer_batch();  // what is behind it is fed again
    } else if (status == ParseStatus::need_more) {
      open = co_await read_more();
    } else {
      co_await answer_error(problem(parser().error_status(), to_string(parser().error())));
      open = false;
    }
  }
}

bool ServerConnection::batch_complete() const {
  return complete_ >= server_->options.pipelined || begin_ == end_ || !parsers_[complete_ - 1]->keep_alive();
}

asio::awaitable<bool> ServerConnection::read_more() {
  if (server_->draining && !parser().started()) co_return false;
  enter(parser().started() ? Phase::reading : Phase::idle);
  // Only once a request: what comes next is a byte of the body.
  if (parser().expects_continue() && !co_await send_rest("HTTP/1.1 100 Continue\r\n\r\n", {})) co_return false;
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

asio::awaitable<bool> ServerConnection::answer_batch() {
  enter(Phase::handling);
  responses_.resize(complete_);
  if (complete_ == 1) {
    responses_.front() = co_await handle(parsers_.front()->request());
  } else {
    co_await handle_batch();
  }
  if (server_->aborted) co_return false;
  enter(Phase::writing);
  output_.clear();
  bool keep_alive = true;
  for (std::size_t i = 0; i < complete_ && keep_alive; ++i) {
    const Response& response = responses_[i];
    const bool last = i + 1 == complete_;
    keep_alive = parsers_[i]->keep_alive() && !response.close && (!last || !server_->draining);
    std::string_view body = prepare(response, *parsers_[i], parsers_[i]->request().method != "HEAD", keep_alive);
    if (!last && keep_alive && body.empty() && output_.size() < small_body) continue;
    std::string_view head = output_;
    if (!send_now(head, body)) co_return false;
    if (!head.empty() || !body.empty()) {
      if (!co_await send_rest(head, body)) co_return false;
    }
    output_.clear();
  }
  if (!keep_alive) {
    co_await linger();
    co_return false;
  }
  if (output_.capacity() > kept_output) std::string().swap(output_);
  for (std::size_t i = 0; i < complete_; ++i) parsers_[i]->reset();
  if (complete_ < parsers_.size()) std::swap(parsers_.front(), parsers_[complete_]);  // the one that may have begun
  complete_ = 0;
  co_return true;
}

/// Requests that are handled at the same time, each in a coroutine of its own.
struct ServerConnection::Batch {
  Batch(const asio::any_io_executor& executor, std::size_t size)
      : cancel(size), left(size), all(executor, asio::steady_timer::time_point::max()) {}

  std::vector<asio::cancellation_signal> cancel;
  std::size_t left;
  asio::steady_timer all;  // cancelled when none is left
};

asio::awaitable<void> ServerConnection::handle_batch() {
  const auto batch = std::make_shared<Batch>(server_->executor, complete_);
  batch_ = batch;
  for (std::size_t i = 0; i < complete_; ++i) {
    auto answered = [self = shared_from_this(), batch, i](const std::exception_ptr& failed, Response response) {
      self->responses_[i] = failed ? problem(500, "the request could not be processed") : std::move(response);
      if (--batch->left == 0) batch->all.cancel();
    };
    asio::co_spawn(server_->executor, handle(parsers_[i]->request()),
                   asio::bind_cancellation_slot(batch->cancel[i].slot(), std::move(answered)));
  }
  while (batch->left > 0) co_await batch->all.async_wait(asio::as_tuple(asio::use_awaitable));
}

asio::awaitable<Response> ServerConnection::handle(const Request& request) {
  try {
    Response response = co_await server_->handler(request);
    if (sendable(response)) co_return response;
    co_return internal_error_response(request, "bad status or header field in the answer");
  } catch (const std::exception& exception) {
    if (server_->aborted) co_return Response{};
    co_return internal_error_response(request, exception.what());
  } catch (...) {
    co_return internal_error_response(request, "an exception of unknown type");
  }
}

asio::awaitable<void> ServerConnection::answer_error(Response response) {
  output_.clear();
  const std::string_view body = prepare(response, parser(), true, false);
  const std::string_view head = output_;
  timed_out_ = false;
  enter(Phase::writing);
  if (co_await send_rest(head, body)) co_await linger();
}

std::string_view ServerConnection::prepare(const Response& response, const RequestParser& parser, bool with_body,
                                           bool keep_alive) {
  append_head(output_, response, {keep_alive, parser.started() && parser.is_http_1_0()});
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
  const auto batch = batch_.lock();
  if (!batch) return;
  for (asio::cancellation_signal& each : batch->cancel) each.emit(asio::cancellation_type::terminal);
}

}  // namespace tidegate::http
