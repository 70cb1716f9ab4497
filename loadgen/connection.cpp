#include "loadgen/connection.hpp"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/un.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <limits>

#include "base/assert.hpp"
#include "loadgen/vu.hpp"

namespace tidegate::loadgen {
namespace {

constexpr std::size_t kReadBuffer = 64 * 1024;
constexpr int kForTheProgram = 64;
constexpr std::size_t kSourcesTried = 8;
constexpr int kReadsPerTurn = 16;  // 1 MiB; then the other connections have their turn
constexpr http::Limits kLimits{64 * 1024, 200, 16 * 1024 * 1024};

bool is_loopback(const sockaddr_storage& address) {
  if (address.ss_family == AF_INET) {
    return ntohl(reinterpret_cast<const sockaddr_in&>(address).sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
  }
  return address.ss_family == AF_INET6 &&
         IN6_IS_ADDR_LOOPBACK(&reinterpret_cast<const sockaddr_in6&>(address).sin6_addr);
}

void tune(int socket, const Address& address) {
  if (address.family == AF_UNIX) return;
  const int on = 1;
  ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (!is_loopback(address.storage)) return;
  // A machine-wide choice such as BBR paces what is sent, with a timer for each request: on the loopback, where nothing
  // can be congested, that is cost without use. Without effect where reno may not be chosen.
  static constexpr char kReno[] = "reno";
  ::setsockopt(socket, IPPROTO_TCP, TCP_CONGESTION, kReno, sizeof kReno - 1);
}

/// The port is chosen when it connects, so that one port may serve several peers.
bool bind_to(int socket, const Address& source) {
  const int on = 1;
  ::setsockopt(socket, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
  return ::bind(socket, reinterpret_cast<const sockaddr*>(&source.storage), source.size) == 0;
}

Io failed(ErrorClass& error, ErrorClass reason) {
  error = reason;
  return Io::failed;
}

}  // namespace

Result<std::vector<Address>> resolve_addresses(const std::string& host, const std::string& port) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (const int error = ::getaddrinfo(host.c_str(), port.c_str(), &hints, &found); error != 0) {
    return machine_error("cannot resolve host '" + host + "': " + ::gai_strerror(error));
  }
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(found, &::freeaddrinfo);
  std::vector<Address> addresses;
  for (const addrinfo* each = found; each != nullptr; each = each->ai_next) {
    Address address;
    std::memcpy(&address.storage, each->ai_addr, each->ai_addrlen);
    address.size = each->ai_addrlen;
    address.family = each->ai_family;
    addresses.push_back(address);
  }
  return addresses;
}

Result<std::vector<Address>> unix_address(const std::string& path) {
  sockaddr_un name{};
  if (path.empty() || path.size() >= sizeof name.sun_path) {
    return usage_error("'" + path + "' is not the path of a unix socket: it has 1 to " +
                       std::to_string(sizeof name.sun_path - 1) + " bytes");
  }
  name.sun_family = AF_UNIX;
  std::memcpy(name.sun_path, path.c_str(), path.size() + 1);
  Address address;
  std::memcpy(&address.storage, &name, sizeof name);
  address.size = sizeof name;
  address.family = AF_UNIX;
  return std::vector<Address>{address};
}

Connection::Connection(ConnectionPool& pool) : parser(http::ResponseParser::Options{kLimits, true}), pool_(pool) {}

bool Connection::fresh() const noexcept {
  return open() && generation_ == pool_.generation();
}

Io Connection::connect(const Address& address, Reactor& reactor, ErrorClass& error) {
  const std::vector<Address>& sources = pool_.sources();
  if (sources.empty() || address.family == AF_UNIX) return connect_from(address, nullptr, reactor, error);
  // One whose ports are all taken leaves the turn to the next one.
  Io io = Io::failed;
  for (std::size_t tries = 0; tries < std::min(sources.size(), kSourcesTried); ++tries) {
    error = ErrorClass::none;
    io = connect_from(address, &sources[pool_.next_source() % sources.size()], reactor, error);
    if (io != Io::failed || error != ErrorClass::ports) break;
  }
  return io;
}

Io Connection::connect_from(const Address& address, const Address* source, Reactor& reactor, ErrorClass& error) {
  TIDEGATE_ASSERT(!open());
  readable_ = writable_ = hung_up_ = surplus_ = false;
  generation_ = pool_.generation();
  socket_.reset(::socket(address.family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket_) return failed(error, class_of_connect(errno));
  if (socket_.get() >= pool_.highest_descriptor()) {
    socket_.reset();
    return failed(error, ErrorClass::descriptors);
  }
  tune(socket_.get(), address);
  if (source != nullptr && source->family != address.family) source = nullptr;
  const bool bound = address.family != AF_UNIX && pool_.ports_are_scarce(socket_.get()) &&
                     pool_.ports().bind(socket_.get(), address, source);
  if (!bound && source != nullptr && !bind_to(socket_.get(), *source)) {
    const int error_number = errno;
    close();
    return failed(error, error_number == EADDRINUSE ? ErrorClass::ports : class_of_connect(error_number));
  }
  const int connected = ::connect(socket_.get(), reinterpret_cast<const sockaddr*>(&address.storage), address.size);
  const int error_number = errno;
  if (connected != 0 && error_number != EINPROGRESS) {
    close();
    return failed(error, class_of_connect(error_number));
  }
  if (!reactor.add(socket_.get(), *this)) {
    close();
    return failed(error, ErrorClass::descriptors);
  }
  writable_ = connected == 0;
  return writable_ ? Io::done : Io::would_block;
}

Io Connection::finish_connect(ErrorClass& error) {
  int error_number = 0;
  socklen_t size = sizeof error_number;
  ::getsockopt(socket_.get(), SOL_SOCKET, SO_ERROR, &error_number, &size);
  if (error_number != 0) {
    close();
    return failed(error, class_of_connect(error_number));
  }
  return writable_ ? Io::done : Io::would_block;
}

Io Connection::handshake(ErrorClass& error) {
  if (!tls_) tls_ = std::make_unique<TlsStream>(*pool_.tls(), socket_.get());
  return tls_->handshake(error);
}

Io Connection::write(std::string_view& bytes, ErrorClass& error) {
  if (tls_) return tls_->write(bytes, error);
  while (!bytes.empty()) {
    const ssize_t sent = ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent > 0) {
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    } else if (errno == EAGAIN) {
      writable_ = false;
      return Io::would_block;
    } else if (errno != EINTR) {
      return failed(error, errno == EPIPE ? ErrorClass::closed : ErrorClass::reset);
    }
  }
  return Io::done;
}

Io Connection::read(ErrorClass& error) {
  if (tls_) return read_tls(error);
  std::vector<char>& buffer = pool_.read_buffer();
  for (int turn = 0; turn < kReadsPerTurn; ++turn) {
    const ssize_t received = ::recv(socket_.get(), buffer.data(), buffer.size(), 0);
    if (received == 0) return end_of_input(error);
    if (received < 0) {
      if (errno == EINTR) continue;
      if (errno != EAGAIN) return failed(error, ErrorClass::reset);
      readable_ = false;
      return Io::would_block;
    }
    bytes_received += static_cast<std::uint64_t>(received);
    // A short read has emptied the socket: the next bytes raise an event, and so does the end, unless it is known.
    const bool emptied = static_cast<std::size_t>(received) < buffer.size() && !hung_up_;
    if (emptied) readable_ = false;
    const Io fed = feed({buffer.data(), static_cast<std::size_t>(received)}, error);
    if (fed != Io::would_block || emptied) return fed;
  }
  pool_.read_on_later(*this);
  return Io::would_block;
}

Io Connection::read_tls(ErrorClass& error) {
  std::vector<char>& buffer = pool_.read_buffer();
  for (int turn = 0; turn < kReadsPerTurn; ++turn) {
    const long received = tls_->read(buffer.data(), buffer.size(), error);
    if (received == 0) return end_of_input(error);
    if (received < 0) {
      if (error != ErrorClass::none) return Io::failed;
      readable_ = false;
      return Io::would_block;
    }
    bytes_received += static_cast<std::uint64_t>(received);
    const Io fed = feed({buffer.data(), static_cast<std::size_t>(received)}, error);
    if (fed == Io::done) settle_tls();
    if (fed != Io::would_block) return fed;
  }
  pool_.read_on_later(*this);
  return Io::would_block;
}

/// Takes what is not part of an answer off an idle connection: session tickets, or the peer's farewell.
void Connection::settle_tls() {
  char byte = 0;
  ErrorClass error = ErrorClass::none;
  const long received = tls_->read(&byte, 1, error);
  readable_ = false;
  surplus_ = surplus_ || received > 0;
  hung_up_ = hung_up_ || received == 0 || error != ErrorClass::none;
}

Io Connection::read_raw(std::string& out, ErrorClass& error) {
  std::vector<char>& buffer = pool_.read_buffer();
  const long received = tls_ ? tls_->read(buffer.data(), buffer.size(), error)
                             : static_cast<long>(::recv(socket_.get(), buffer.data(), buffer.size(), 0));
  if (received > 0) {
    out.append(buffer.data(), static_cast<std::size_t>(received));
    return Io::done;
  }
  if (received == 0) return failed(error, ErrorClass::closed);
  if (tls_ ? error != ErrorClass::none : errno != EAGAIN && errno != EINTR) {
    return failed(error, tls_ ? error : ErrorClass::reset);
  }
  if (!tls_ && errno == EINTR) return Io::done;
  readable_ = false;
  return Io::would_block;
}

Io Connection::feed(std::string_view bytes, ErrorClass& error) {
  std::size_t consumed = 0;
  switch (parser.feed(bytes, consumed)) {
    case http::ParseStatus::need_more:
      return Io::would_block;
    case http::ParseStatus::failed:
      return failed(error, ErrorClass::protocol);
    case http::ParseStatus::done:
      break;
  }
  surplus_ = consumed != bytes.size();
  return Io::done;
}

Io Connection::end_of_input(ErrorClass& error) {
  hung_up_ = true;
  return parser.finish() == http::ParseStatus::done ? Io::done : failed(error, ErrorClass::closed);
}

// With a reset: a connection that was given up (a timeout, say) must not keep its port for a minute in TIME_WAIT. At a
// thousand timeouts a second the ports would run out, and the kernel's search for a free one would stall the loop.
void Connection::close() noexcept {
  if (!socket_) return;
  tls_.reset();
  const linger abortive{1, 0};
  ::setsockopt(socket_.get(), SOL_SOCKET, SO_LINGER, &abortive, sizeof abortive);
  socket_.reset();
}

bool Connection::tell() {
  if (keeper != nullptr) {
    keeper->on_io();
  } else if (user != nullptr) {
    user->on_io();
  } else {
    return false;
  }
  return true;
}

void Connection::on_events(std::uint32_t events) {
  if (!open()) return;
  if ((events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) readable_ = true;
  if ((events & (EPOLLOUT | EPOLLHUP | EPOLLERR)) != 0) writable_ = true;
  if ((events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) hung_up_ = true;
  if (tell()) return;
  if (tls_ && readable_ && !hung_up_) {
    settle_tls();
    readable_ = surplus_ || hung_up_;
  }
  if (readable_) close();  // pooled: the peer closed, or spoke out of turn
}

ConnectionPool::ConnectionPool(Reactor& reactor, std::vector<Address> addresses, TlsContext* tls,
                               std::vector<Address> sources)
    : reactor_(reactor),
      addresses_(std::move(addresses)),
      sources_(std::move(sources)),
      tls_(tls),
      read_buffer_(kReadBuffer) {}

/// Descriptors are given out from the lowest free one: a high number says that few are left. Some stay for the program,
/// which has files to write and a verdict to give.
int ConnectionPool::highest_descriptor() noexcept {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur > std::numeric_limits<int>::max())
    return std::numeric_limits<int>::max();
  const auto all = static_cast<int>(limit.rlim_cur);
  return all - std::min(kForTheProgram, all / 8);
}

void ConnectionPool::replace_addresses(std::vector<Address> addresses) {
  TIDEGATE_ASSERT(!addresses.empty());
  addresses_ = std::move(addresses);
  preferred_address = 0;
  ++generation_;
}

Connection* ConnectionPool::take_idle() noexcept {
  while (!idle_.empty()) {
    Connection* connection = idle_.back();
    idle_.pop_back();
    if (connection->fresh()) return connection;
    connection->close();
    closed_.push_back(connection);
  }
  return nullptr;
}

Connection& ConnectionPool::take_closed() {
  if (closed_.empty()) {
    all_.push_back(std::make_unique<Connection>(*this));
    return *all_.back();
  }
  Connection& connection = *closed_.back();
  closed_.pop_back();
  return connection;
}

void ConnectionPool::forget_answers() noexcept {
  for (const auto& connection : all_) {
    if (connection->user == nullptr && connection->keeper == nullptr) connection->parser.reset();
  }
}

void ConnectionPool::settle(Connection& connection) noexcept {
  connection.user = nullptr;
  if (connection.open() && connection.readable()) connection.close();
}

void ConnectionPool::read_on() {
  reading_on_.swap(greedy_);
  for (Connection* connection : reading_on_) {
    if (connection->open()) connection->tell();
  }
  reading_on_.clear();
}

void ConnectionPool::give_back(Connection& connection) noexcept {
  settle(connection);
  (connection.open() ? idle_ : closed_).push_back(&connection);
}

}  // namespace tidegate::loadgen
