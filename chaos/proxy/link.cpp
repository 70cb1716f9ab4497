#include "chaos/proxy/link.hpp"

#include <fcntl.h>

#include <fmt/format.h>

#include "base/log.hpp"
#include "base/units.hpp"

namespace tidegate::chaos {
namespace {

constexpr int kBacklog = 4096;
constexpr auto kRetryAfter = std::chrono::milliseconds(20);
using asio::ip::tcp;

FileDescriptor open_spare() {
  return FileDescriptor(::open("/dev/null", O_RDONLY | O_CLOEXEC));
}

bool out_of_descriptors(const error_code& error) {
  return error == asio::error::no_descriptors || error.value() == ENFILE;
}

}  // namespace

Link::Link(ProxyContext& context, std::string name)
    : context_(context), name_(std::move(name)), acceptor_(context.executor), retry_(context.executor) {}

Link::~Link() {
  stop();
}

Result<void> Link::open() {
  error_code error;
  const tcp::endpoint any_port(asio::ip::address_v4::loopback(), 0);
  acceptor_.open(any_port.protocol(), error);
  if (!error) acceptor_.bind(any_port, error);
  if (!error) acceptor_.listen(kBacklog, error);
  if (!error) acceptor_.non_blocking(true, error);
  if (error) return machine_error("listen for link " + name_ + ": " + error.message());
  address_ = fmt::format("127.0.0.1:{}", acceptor_.local_endpoint().port());
  spare_ = open_spare();
  accept();
  return {};
}

void Link::accept() {
  acceptor_.async_accept([this, alive = alive_](error_code error, tcp::socket client) {
    if (!*alive || error == asio::error::operation_aborted) return;
    if (!error) {
      take(std::move(client));
    } else if (out_of_descriptors(error)) {
      return refuse_waiting();
    }
    accept();
  });
}

void Link::take(tcp::socket client) {
  const std::uint64_t number = next_number_++;
  auto connection =
      std::make_shared<Connection>(context_, std::move(client), number, [this, alive = alive_](auto closed) {
        if (*alive) connections_.erase(closed);
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
    const FileDescriptor client(::accept4(acceptor_.native_handle(), nullptr, nullptr, SOCK_CLOEXEC));
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
  retry_.expires_after(kRetryAfter);
  retry_.async_wait([this, alive = alive_](error_code error) {
    if (!error && *alive) accept();
  });
}

void Link::set_upstream(tcp::endpoint upstream) {
  upstream_ = upstream;
  for (const auto& [number, connection] : std::map(connections_)) connection->upstream_known(upstream);
}

void Link::add_fault(std::shared_ptr<ActiveFault> fault) {
  faults_.push_back(fault);
  for (const auto& [number, connection] : std::map(connections_)) {
    if (fault->picker.pick(number)) connection->add_fault(fault);
  }
}

void Link::remove_fault(const std::shared_ptr<ActiveFault>& fault) {
  std::erase(faults_, fault);
  // A copy, since a connection whose bytes flow again may end within the loop.
  for (const auto& [number, connection] : std::map(connections_)) connection->remove_fault(fault.get());
}

void Link::stop() {
  *alive_ = false;
  error_code ignored;
  acceptor_.close(ignored);
  retry_.cancel();
  for (const auto& [number, connection] : std::exchange(connections_, {})) connection->abort();
}

Result<tcp::endpoint> parse_endpoint(const std::string& text) {
  const auto colon = text.rfind(':');
  const auto refuse = [&] { return usage_error("expected an address such as 127.0.0.1:8080, found '" + text + "'"); };
  if (colon == std::string::npos || colon == 0) return refuse();
  std::string host = text.substr(0, colon);
  if (host == "localhost") host = "127.0.0.1";
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  error_code error;
  const auto address = asio::ip::make_address(host, error);
  const auto port = parse_integer(text.substr(colon + 1));
  if (error || !port || *port < 1 || *port > 65535) return refuse();
  return tcp::endpoint(address, static_cast<std::uint16_t>(*port));
}

}  // namespace tidegate::chaos
