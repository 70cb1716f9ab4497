#include "base/http/client_connection.hpp"

#include <fcntl.h>

#include "base/http/serialize.hpp"

namespace tidegate::http {

namespace {

/// Bodies up to this size are copied behind their head: cheaper than a second buffer for the kernel to gather.
constexpr std::size_t small_body = 4 * 1024;

bool is_end_of_stream(error_code error) {
  return error == asio::error::eof;
}

}  // namespace

ClientConnection::ClientConnection(const asio::any_io_executor& executor, Limits limits)
    : socket_(executor), timer_(executor), parser_({limits, true}) {}

asio::awaitable<error_code> ClientConnection::connect(std::vector<asio::ip::tcp::endpoint> endpoints,
                                                      Deadline deadline) {
  error_code error = asio::error::host_not_found;
  arm(deadline);
  for (const asio::ip::tcp::endpoint& endpoint : endpoints) {
    error_code ignored;
    socket_.close(ignored);
    co_await socket_.async_connect(endpoint, asio::redirect_error(asio::use_awaitable, error));
    if (!error || timed_out_) break;
  }
  disarm();
  if (error || timed_out_) {
    close();
    co_return error ? error : asio::error::timed_out;
  }
  error_code ignored;
  socket_.set_option(asio::ip::tcp::no_delay(true), ignored);
  socket_.non_blocking(true, ignored);
  ::fcntl(socket_.native_handle(), F_SETFD, FD_CLOEXEC);
  co_return error;
}

asio::awaitable<Exchange> ClientConnection::exchange(std::span<const ClientRequest* const> requests, std::string host,
                                                     Deadline deadline, Answered answered) {
  output_.clear();
  std::string_view body;
  for (const ClientRequest* const request : requests) {
    append_head(output_, *request, host);
    body = request->body;
    if (body.size() <= small_body || request != requests.back()) {
      output_ += body;
      body = {};
    }
  }
  arm(deadline);
  unread_ = {};
  const error_code sent = co_await send(body);
  // A server may answer and close before it has read all: what it said counts, so reading goes on after a failed write.
  Exchange exchange;
  for (std::size_t number = 0; number < requests.size(); ++number) {
    parser_.reset(requests[number]->method == "HEAD");
    exchange = co_await receive();
    exchange.answered = number;
    exchange.stale = exchange.stale && number == 0;
    if (!exchange.complete) break;
    ++exchange.answered;
    const bool last_of_all = !parser_.keep_alive();
    answered(number, take_response());
    if (!last_of_all || exchange.answered == requests.size()) continue;
    exchange.complete = false;
    exchange.error = closed_error("closed without an answer");
    break;
  }
  disarm();
  exchange.reusable = exchange.reusable && !sent && unread_.empty();
  co_return exchange;
}

asio::awaitable<error_code> ClientConnection::send(std::string_view body) {
  std::string_view head = output_;
  error_code error;
  while (!head.empty() || !body.empty()) {
    const std::array<asio::const_buffer, 2> both{asio::buffer(head), asio::buffer(body)};
    const std::size_t sent = socket_.write_some(both, error);
    if (error == asio::error::would_block) {
      co_await socket_.async_wait(asio::ip::tcp::socket::wait_write, asio::redirect_error(asio::use_awaitable, error));
    }
    if (error) break;
    const std::size_t of_head = std::min(sent, head.size());
    head.remove_prefix(of_head);
    body.remove_prefix(sent - of_head);
  }
  co_return error;
}

asio::awaitable<Exchange> ClientConnection::receive() {
  for (;;) {
    if (unread_.empty()) {
      error_code error;
      const std::size_t size =
          co_await socket_.async_read_some(asio::buffer(input_), asio::redirect_error(asio::use_awaitable, error));
      if (is_end_of_stream(error) && parser_.started() && parser_.finish() == ParseStatus::done) {
        co_return complete_exchange();
      }
      if (error) co_return failed_exchange(error);
      unread_ = {input_.data(), size};
    }
    std::size_t consumed = 0;
    const ParseStatus status = parser_.feed(unread_, consumed);
    unread_.remove_prefix(consumed);
    if (status == ParseStatus::done) co_return complete_exchange();
    if (status == ParseStatus::failed) co_return failed_exchange({});
  }
}

Exchange ClientConnection::complete_exchange() const {
  Exchange exchange;
  exchange.complete = true;
  exchange.reusable = parser_.keep_alive() && !timed_out_;
  return exchange;
}

Exchange ClientConnection::failed_exchange(error_code reason) const {
  Exchange exchange;
  if (timed_out_) {
    exchange.error = timeout_error("no complete answer in time");
  } else if (is_end_of_stream(reason)) {
    exchange.stale = !parser_.started();
    exchange.error = closed_error(exchange.stale ? "closed without an answer" : "closed inside the answer");
  } else if (reason) {
    exchange.stale = !parser_.started();
    exchange.error = closed_error(reason.message());
  } else {
    exchange.error = protocol_error("the answer is not HTTP/1.1: " + std::string(to_string(parser_.error())));
  }
  return exchange;
}

Response ClientConnection::take_response() {
  Response response;
  response.status = parser_.status();
  response.close = !parser_.keep_alive();
  response.content_type = parser_.header("content-type").value_or("");
  for (const HeaderView& field : parser_.headers()) response.headers.emplace_back(field.name, field.value);
  response.body = parser_.take_body();
  return response;
}

bool ClientConnection::is_quiet() {
  error_code error;
  char byte = 0;
  socket_.receive(asio::buffer(&byte, 1), asio::socket_base::message_peek, error);
  return error == asio::error::would_block || error == asio::error::try_again;
}

void ClientConnection::close() {
  error_code ignored;
  disarm();
  socket_.close(ignored);
}

void ClientConnection::arm(Deadline deadline) {
  timed_out_ = false;
  const std::uint64_t arming = ++armed_;
  timer_.expires_at(deadline);
  timer_.async_wait([self = shared_from_this(), arming](error_code error) {
    if (error || self->armed_ != arming) return;
    self->timed_out_ = true;
    error_code ignored;
    self->socket_.close(ignored);
  });
}

void ClientConnection::disarm() {
  ++armed_;
  timer_.cancel();
}

}  // namespace tidegate::http
