#include "chaos/proxy/connection.hpp"

#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

#include "base/log.hpp"

namespace tidegate::chaos {
namespace {

constexpr auto kConnectLimit = std::chrono::seconds(5);
// How long an orderly end waits for the two ends to end too.
constexpr auto kOrderlyLimit = std::chrono::seconds(1);
constexpr std::uint32_t kGone = EPOLLHUP | EPOLLERR;
using asio::ip::tcp;

// A proxy's sockets add no delay of their own.
void send_at_once(int fd) {
  const int on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

void reset_at_close(int fd) {
  const linger reset{1, 0};
  ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
}

}  // namespace

Connection::Connection(ProxyContext& context, FileDescriptor client, std::uint64_t number,
                       std::unique_ptr<ProtocolFilter> filter, Closed closed)
    : context_(context),
      connect_timer_(context.executor),
      fault_timer_(context.executor),
      number_(number),
      filter_(std::move(filter)),
      closed_(std::move(closed)),
      up_(wiring(Direction::upstream)),
      down_(wiring(Direction::downstream)) {
  client_.connection = upstream_.connection = output_.connection = this;
  client_.is_client = true;
  client_.fd = std::move(client);
}

Connection::~Connection() = default;

Pump::Wiring Connection::wiring(Direction direction) {
  Pump::Wiring wiring{context_, faults_, number_, direction, {}, {}, {}, {}};
  wiring.ended = [this] { pump_ended(); };
  wiring.cut = [this, direction](Ending::How how) {
    end(Ending{how, direction == Direction::upstream ? Directions::upstream : Directions::downstream, {}, {}});
  };
  if (filter_) {
    wiring.filter = [this, direction](std::string_view bytes, Nanoseconds now) { filter(direction, bytes, now); };
    wiring.filter_ended = [this, direction] { filter_ended(direction); };
  }
  return wiring;
}

void Connection::start(std::optional<tcp::endpoint> upstream) {
  send_at_once(client_.fd.get());
  address_ = upstream;
  if (faults_.refuses()) return close(true);
  if (!context_.reactor.add(client_.fd.get(), client_)) return close(true);
  if (faults_.stops_connecting()) faults_.count_kept_silent();
  served_from_ = monotonic_now() + faults_.accept_delay(number_, true);
  arm_fault_timer();
  connect_when_allowed();
}

void Connection::upstream_known(tcp::endpoint upstream) {
  address_ = upstream;
  connect_when_allowed();
}

void Connection::ready(bool is_client, std::uint32_t events) {
  const auto keep = shared_from_this();
  if (stage_ == Stage::open) {
    const bool ended = (events & (EPOLLRDHUP | kGone)) != 0;
    Pump& reads = is_client ? up_ : down_;
    Pump& writes = is_client ? down_ : up_;
    if ((events & EPOLLIN) != 0 || ended) reads.source_ready(ended);
    if (stage_ == Stage::open && (events & (EPOLLOUT | kGone)) != 0) writes.sink_ready();
  } else if (is_client) {
    client_gone_ = client_gone_ || (events & kGone) != 0;
    if (client_gone_) close(true);  // nobody waits any more
  } else if (stage_ == Stage::connecting) {
    int error_number = 0;
    socklen_t size = sizeof error_number;
    ::getsockopt(upstream_.fd.get(), SOL_SOCKET, SO_ERROR, &error_number, &size);
    connected(error_number);
  }
}

void Connection::add_fault(std::shared_ptr<ActiveFault> fault) {
  const auto keep = shared_from_this();
  faults_.add(std::move(fault), monotonic_now());
  arm_fault_timer();
  faults_changed();
}

void Connection::remove_fault(const ActiveFault* fault) {
  const bool lost = faults_.lost_bytes(fault);
  if (!faults_.remove(fault)) return;
  const auto keep = shared_from_this();
  if (lost) return close(true);  // a stream with a hole in it is no use to either end
  arm_fault_timer();
  if (stage_ == Stage::waiting) {
    served_from_ = std::min(served_from_, monotonic_now() + faults_.accept_delay(number_, false));
    connect_when_allowed();
  }
  faults_changed();
}

void Connection::faults_changed() {
  const auto keep = shared_from_this();
  if (stage_ == Stage::open) up_.faults_changed();
  if (stage_ == Stage::open) down_.faults_changed();
}

void Connection::connect_when_allowed() {
  if (stage_ != Stage::waiting || !address_ || faults_.stops_connecting()) return;
  if (served_from_ > monotonic_now()) {
    connect_timer_.expires_at(std::chrono::steady_clock::time_point(served_from_));
    connect_timer_.async_wait([self = shared_from_this()](error_code error) {
      if (!error) self->connect_when_allowed();
    });
    return;
  }
  stage_ = Stage::connecting;
  upstream_.fd.reset(::socket(address_->protocol().family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!upstream_.fd) return connected(errno);
  send_at_once(upstream_.fd.get());
  const int result = ::connect(upstream_.fd.get(), address_->data(), static_cast<socklen_t>(address_->size()));
  if (result != 0 && errno != EINPROGRESS) return connected(errno);
  if (!context_.reactor.add(upstream_.fd.get(), upstream_)) return connected(errno);
  connect_timer_.expires_after(kConnectLimit);
  connect_timer_.async_wait([self = shared_from_this()](error_code error) {
    if (!error && self->stage_ == Stage::connecting) self->connected(ETIMEDOUT);
  });
}

void Connection::connected(int error_number) {
  connect_timer_.cancel();
  if (error_number != 0) {
    log::debug("upstream refused", {{"connection", std::to_string(number_)}, {"reason", std::strerror(error_number)}});
    return close(true);
  }
  const auto keep = shared_from_this();
  stage_ = Stage::open;
  up_.attach(client_.fd.get(), upstream_.fd.get(), weak_from_this());
  down_.attach(upstream_.fd.get(), client_.fd.get(), weak_from_this());
  up_.proceed();
  if (stage_ == Stage::open) down_.proceed();
}

void Connection::Output::pass(Direction direction, std::string_view bytes, const MessageHolds& holds) {
  Pump& pump = direction == Direction::upstream ? connection->up_ : connection->down_;
  pump.deliver(bytes, now, holds);
}

void Connection::Output::end(Ending::How how) {
  connection->down_.end_after_delivery(how);
}

void Connection::filter(Direction direction, std::string_view bytes, Nanoseconds now) {
  output_.now = now;
  filter_->take(direction, bytes, now, output_);
  // The filter may have answered in the other direction, whose pump then has something to do.
  if (stage_ == Stage::open) (direction == Direction::upstream ? down_ : up_).proceed();
}

void Connection::filter_ended(Direction direction) {
  output_.now = monotonic_now();
  filter_->ended(direction, output_);
}

void Connection::arm_fault_timer() {
  const auto next = faults_.next_ending();
  if (!next) {
    fault_timer_.cancel();
    return;
  }
  fault_timer_.expires_at(std::chrono::steady_clock::time_point(*next));
  fault_timer_.async_wait([self = shared_from_this()](error_code error) {
    if (error || self->stage_ == Stage::closed) return;
    while (const auto due = self->faults_.take_ending(monotonic_now())) {
      ++due->fault->hits;
      self->end(due->ending);
      if (self->stage_ == Stage::closed) return;
    }
    self->arm_fault_timer();
  });
}

void Connection::end(const Ending& ending) {
  if (stage_ == Stage::closed) return;
  switch (ending.how) {
    case Ending::How::reset:
      return close(true);
    case Ending::How::close:
      return close_orderly();
    case Ending::How::half_close:
      if (stage_ != Stage::open) return;
      if (applies(ending.directions, Direction::upstream)) up_.end_early();
      if (stage_ == Stage::open && applies(ending.directions, Direction::downstream)) down_.end_early();
      return;
  }
}

// Both ends are told the end, and what they still send is read and thrown away, since a close with bytes unread would
// turn into a reset that overtakes what was delivered.
void Connection::close_orderly() {
  if (stage_ != Stage::open) return close(false);
  connect_timer_.expires_after(kOrderlyLimit);
  connect_timer_.async_wait([self = shared_from_this()](error_code error) {
    if (!error) self->close(false);
  });
  up_.end_early();
  if (stage_ == Stage::open) down_.end_early();
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
  fault_timer_.cancel();
  up_.stop();
  down_.stop();
  for (Side* side : {&client_, &upstream_}) {
    if (!side->fd) continue;
    if (with_reset) reset_at_close(side->fd.get());
    context_.reactor.remove(side->fd.get(), *side);
    side->fd.reset();
  }
  closed_(number_);
}

}  // namespace tidegate::chaos
