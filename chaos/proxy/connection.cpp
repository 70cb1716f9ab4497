#include "chaos/proxy/connection.hpp"

#include "base/log.hpp"

namespace tidegate::chaos {
namespace {

constexpr auto kConnectLimit = std::chrono::seconds(5);
using asio::ip::tcp;

// Sockets of a proxy add no delay of their own (Nagle) and never block the thread.
void prepare(tcp::socket& socket) {
  error_code ignored;  // a socket that was reset meanwhile refuses; its pump will see that
  socket.set_option(tcp::no_delay(true), ignored);
  socket.non_blocking(true, ignored);
}

void close_socket(tcp::socket& socket, bool with_reset) {
  error_code ignored;
  if (with_reset) socket.set_option(asio::socket_base::linger(true, 0), ignored);
  socket.close(ignored);
}

}  // namespace

Connection::Connection(ProxyContext& context, tcp::socket client, std::uint64_t number, Closed closed)
    : context_(context),
      client_(std::move(client)),
      upstream_(context.executor),
      connect_timer_(context.executor),
      number_(number),
      closed_(std::move(closed)),
      up_({context, faults_, client_, upstream_, number, Direction::upstream}, [this] { pump_ended(); }),
      down_({context, faults_, upstream_, client_, number, Direction::downstream}, [this] { pump_ended(); }) {}

void Connection::start(std::optional<tcp::endpoint> upstream) {
  prepare(client_);
  address_ = upstream;
  if (faults_.stops_connecting()) faults_.count_kept_silent();
  connect_when_allowed();
}

void Connection::upstream_known(tcp::endpoint upstream) {
  address_ = upstream;
  connect_when_allowed();
}

void Connection::add_fault(std::shared_ptr<ActiveFault> fault) {
  faults_.add(std::move(fault));
  if (stage_ != Stage::open) return;
  const auto keep = shared_from_this();
  up_.faults_changed();
  down_.faults_changed();
}

void Connection::remove_fault(const ActiveFault* fault) {
  if (!faults_.remove(fault)) return;
  const auto keep = shared_from_this();
  if (stage_ == Stage::open) {
    up_.faults_changed();
    down_.faults_changed();
  } else {
    connect_when_allowed();
  }
}

void Connection::connect_when_allowed() {
  if (stage_ != Stage::waiting || !address_ || faults_.stops_connecting()) return;
  stage_ = Stage::connecting;
  connect_timer_.expires_after(kConnectLimit);
  connect_timer_.async_wait([self = shared_from_this()](error_code error) {
    if (!error && self->stage_ == Stage::connecting) self->connected(asio::error::timed_out);
  });
  upstream_.async_connect(*address_, [self = shared_from_this()](error_code error) {
    if (self->stage_ == Stage::connecting) self->connected(error);
  });
}

void Connection::connected(error_code error) {
  connect_timer_.cancel();
  if (error) {
    log::debug("upstream refused", {{"connection", std::to_string(number_)}, {"reason", error.message()}});
    return close(true);
  }
  stage_ = Stage::open;
  prepare(upstream_);
  up_.start(weak_from_this());
  if (stage_ == Stage::open) down_.start(weak_from_this());
}

void Connection::pump_ended() {
  // After a write that failed, the other direction still brings what that side had sent, and then finds it gone.
  if (up_.source_was_reset() || down_.source_was_reset()) return close(true);
  if (up_.done() && down_.done()) close(up_.broke() || down_.broke());
}

void Connection::abort() {
  close(true);
}

void Connection::close(bool with_reset) {
  if (stage_ == Stage::closed) return;
  const auto keep = shared_from_this();
  stage_ = Stage::closed;
  connect_timer_.cancel();
  up_.stop();
  down_.stop();
  close_socket(client_, with_reset);
  close_socket(upstream_, with_reset);
  closed_(number_);
}

}  // namespace tidegate::chaos
