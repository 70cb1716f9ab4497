#include "chaos/proxy/link.hpp"

#include <fcntl.h>
#include <sys/socket.h>

#include <cerrno>

#include "base/http/message.hpp"
#include "base/log.hpp"
#include "base/units.hpp"

namespace tidegate::chaos {
namespace {

constexpr int kBacklog = 4096;
// A burst of clients is taken in before the traffic of those that are there: a backlog that overflows costs each client
// that came too late a second, the time after which a lost SYN is sent again. Bounded, since nothing else runs
// meanwhile.
constexpr int kAcceptsPerTurn = 512;
constexpr auto kRetryAfter = std::chrono::milliseconds(20);
using asio::ip::tcp;

FileDescriptor open_spare() {
  return FileDescriptor(::open("/dev/null", O_RDONLY | O_CLOEXEC));
}

Result<tcp::endpoint> address_of(int fd) {
  tcp::endpoint endpoint;
  auto size = static_cast<socklen_t>(endpoint.capacity());
  if (::getsockname(fd, endpoint.data(), &size) != 0) return system_error("look at a listening socket", errno);
  endpoint.resize(size);
  return endpoint;
}

// Bound by number: a port that the system chose would be given up while the link is off.
Result<FileDescriptor> bind_to(const tcp::endpoint& endpoint) {
  FileDescriptor fd(::socket(endpoint.protocol().family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd) return system_error("make a socket", errno);
  const int on = 1;
  ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (endpoint.port() == 0) ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
  if (::bind(fd.get(), endpoint.data(), static_cast<socklen_t>(endpoint.size())) != 0) {
    return system_error("bind " + http::host_and_port(endpoint.address().to_string(), endpoint.port()), errno);
  }
  if (endpoint.port() != 0) return fd;
  auto chosen = address_of(fd.get());
  if (!chosen) return chosen.error();
  FileDescriptor again(::socket(endpoint.protocol().family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!again) return system_error("make a socket", errno);
  ::setsockopt(again.get(), SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
  if (::bind(again.get(), chosen->data(), static_cast<socklen_t>(chosen->size())) != 0) {
    return system_error("bind a port again", errno);
  }
  return again;
}

}  // namespace

Link::Link(ProxyContext& context, std::string name, std::unique_ptr<LinkProtocol> protocol)
    : context_(context), name_(std::move(name)), protocol_(std::move(protocol)), retry_(context.executor) {}

Link::~Link() {
  stop();
}

Result<void> Link::open(const std::string& listen) {
  auto endpoint = parse_endpoint(listen, true);
  if (!endpoint) return endpoint.error();
  auto bound = bind_to(*endpoint);
  if (!bound) return machine_error("link " + name_ + ": " + bound.error().message);
  return adopt(std::move(*bound));
}

Result<void> Link::adopt(FileDescriptor listener) {
  listener_ = std::move(listener);
  if (::listen(listener_.get(), kBacklog) != 0) return system_error("listen for link " + name_, errno);
  auto address = address_of(listener_.get());
  if (!address) return address.error();
  address_ = http::host_and_port(address->address().to_string(), address->port());
  spare_ = open_spare();
  watch();
  return {};
}

void Link::watch() {
  if (watching_ || !listener_) return;
  watching_ = context_.reactor.add(listener_.get(), *this, EPOLLIN);
}

void Link::rest() {
  if (!watching_) return;
  context_.reactor.remove(listener_.get(), *this);
  watching_ = false;
}

void Link::ready(std::uint32_t) {
  const auto alive = alive_;
  for (int i = 0; i < kAcceptsPerTurn && *alive && watching_; ++i) {
    FileDescriptor client(::accept4(listener_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (client) {
      take(std::move(client));
    } else if (errno == EMFILE || errno == ENFILE) {
      return refuse_waiting();
    } else if (errno != ECONNABORTED && errno != EINTR) {
      return;
    }
  }
}

void Link::take(FileDescriptor client) {
  const std::uint64_t number = next_number_++;
  auto connection =
      std::make_shared<Connection>(context_, std::move(client), number, protocol_ ? protocol_->filter(number) : nullptr,
                                   [this, alive = alive_](auto closed) {
                                     if (!*alive) return;
                                     const auto found = connections_.find(closed);
                                     if (found == connections_.end()) return;
                                     closed_bytes_[0] += found->second->bytes(Direction::upstream);
                                     closed_bytes_[1] += found->second->bytes(Direction::downstream);
                                     connections_.erase(found);
                                   });
  for (const auto& fault : faults_) {
    if (fault->picker.pick(number)) connection->add_fault(fault);
  }
  connections_.emplace(number, connection);
  connection->start(upstream_);
}

// Out of descriptors, a client would wait in the backlog in silence. The spare one makes room to accept and reset it.
void Link::refuse_waiting() {
  spare_.reset();
  for (int round = 0; round < kBacklog; ++round) {
    const FileDescriptor client(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (!client) break;
    const linger reset{1, 0};
    ::setsockopt(client.get(), SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    if (refused_++ % 1000 == 0) {
      log::warn(
          "out of file descriptors: a client was refused",
          {{"link", name_}, {"refused", std::to_string(refused_)}, {"open", std::to_string(connections_.size())}});
    }
  }
  spare_ = open_spare();
  // A short rest lets others end meanwhile, and the loop do something else than refusing.
  rest();
  retry_.expires_after(kRetryAfter);
  retry_.async_wait([this, alive = alive_](error_code error) {
    if (!error && *alive && enabled_) watch();
  });
}

void Link::set_upstream(tcp::endpoint upstream) {
  upstream_ = upstream;
  const auto all = connections_;
  for (const auto& [number, connection] : all) connection->upstream_known(upstream);
}

Result<void> Link::set_enabled(bool enabled) {
  if (enabled == enabled_) return {};
  if (enabled) {
    if (::listen(listener_.get(), kBacklog) != 0) return system_error("listen again for link " + name_, errno);
    enabled_ = true;
    watch();
    return {};
  }
  enabled_ = false;
  rest();
  // Stops listening and keeps the port, even where another process holds a duplicate of the socket.
  ::shutdown(listener_.get(), SHUT_RD);
  close_connections();
  return {};
}

void Link::add_fault(std::shared_ptr<ActiveFault> fault) {
  if (fault->message) return protocol_->add_fault(std::move(fault));
  faults_.push_back(fault);
  const auto all = connections_;
  for (const auto& [number, connection] : all) {
    if (fault->picker.pick(number)) connection->add_fault(fault);
  }
}

void Link::remove_fault(const std::shared_ptr<ActiveFault>& fault) {
  fault->active = false;
  // A copy, since a connection whose bytes flow again may end within the loop.
  const auto all = connections_;
  if (fault->message) {
    protocol_->remove_fault(fault.get());
    for (const auto& [number, connection] : all) connection->faults_changed();
    return;
  }
  std::erase(faults_, fault);
  for (const auto& [number, connection] : all) connection->remove_fault(fault.get());
}

std::uint64_t Link::bytes(Direction direction) const noexcept {
  std::uint64_t sum = closed_bytes_[direction == Direction::upstream ? 0 : 1];
  for (const auto& [number, connection] : connections_) sum += connection->bytes(direction);
  return sum;
}

void Link::close_connections() {
  const auto all = connections_;
  for (const auto& [number, connection] : all) connection->abort();
}

void Link::stop() {
  if (!*alive_) return;
  rest();
  close_connections();
  *alive_ = false;
  retry_.cancel();
  listener_.reset();
}

Result<tcp::endpoint> parse_endpoint(const std::string& text, bool any_port) {
  const auto colon = text.rfind(':');
  const auto refuse = [&] { return usage_error("expected an address such as 127.0.0.1:8080, found '" + text + "'"); };
  if (colon == std::string::npos || colon == 0) return refuse();
  std::string host = text.substr(0, colon);
  if (host == "localhost") host = "127.0.0.1";
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  error_code error;
  const auto address = asio::ip::make_address(host, error);
  const auto port = parse_integer(text.substr(colon + 1));
  if (error || !port || *port < (any_port ? 0 : 1) || *port > 65535) return refuse();
  return tcp::endpoint(address, static_cast<std::uint16_t>(*port));
}

}  // namespace tidegate::chaos
