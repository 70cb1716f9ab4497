#include "tests/unit/loadgen/stalling_server.hpp"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <list>

#include "tests/support/catch.hpp"

namespace tidegate::loadgen {

/// Its requests come whole: they are far smaller than a segment, and one follows the answer to the other.
struct StallingServer::Peer {
  int descriptor = -1;
};

StallingServer::StallingServer(Nanoseconds from, Nanoseconds length) : from_(from), length_(length) {
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  REQUIRE(::bind(listener_, reinterpret_cast<sockaddr*>(&address), size) == 0);
  REQUIRE(::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) == 0);
  REQUIRE(::listen(listener_, 4096) == 0);
  port_ = ntohs(address.sin_port);
  epoll_ = ::epoll_create1(EPOLL_CLOEXEC);
  epoll_event interest{EPOLLIN, {}};
  REQUIRE(::epoll_ctl(epoll_, EPOLL_CTL_ADD, listener_, &interest) == 0);
  thread_ = std::thread([this] { run(); });
}

StallingServer::~StallingServer() {
  stop_and_read_log();
  ::close(listener_);
  ::close(epoll_);
}

const std::map<std::string, Nanoseconds>& StallingServer::stop_and_read_log() {
  stopping_ = true;
  if (thread_.joinable()) thread_.join();
  return log_;
}

void StallingServer::run() {
  std::list<Peer> peers;
  std::array<epoll_event, 128> events;
  while (!stopping_) {
    const int count = ::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), 20);
    for (int i = 0; i < count; ++i) {
      stall_when_due();
      if (auto* peer = static_cast<Peer*>(events[static_cast<std::size_t>(i)].data.ptr)) {
        serve(*peer);
        continue;
      }
      for (int accepted; (accepted = ::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0;) {
        const int on = 1;
        ::setsockopt(accepted, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        peers.push_back({accepted});
        epoll_event interest{EPOLLIN, {}};
        interest.data.ptr = &peers.back();
        ::epoll_ctl(epoll_, EPOLL_CTL_ADD, accepted, &interest);
      }
    }
  }
  for (const Peer& peer : peers) {
    if (peer.descriptor >= 0) ::close(peer.descriptor);
  }
}

void StallingServer::serve(Peer& peer) {
  std::array<char, 4096> buffer;
  const ssize_t received = ::recv(peer.descriptor, buffer.data(), buffer.size(), 0);
  if (received <= 0) {
    ::close(std::exchange(peer.descriptor, -1));
    return;
  }
  const std::string head(buffer.data(), static_cast<std::size_t>(received));
  const std::size_t start = head.find(' ') + 1;
  static const std::string kAnswer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}";
  if (first_.count() == 0) first_ = monotonic_now();
  ::send(peer.descriptor, kAnswer.data(), kAnswer.size(), MSG_NOSIGNAL);
  log_[head.substr(start, head.find(' ', start) - start)] = monotonic_now();
}

void StallingServer::stall_when_due() {
  const Nanoseconds since = monotonic_now() - first_;
  if (first_.count() == 0 || since < from_ || since >= from_ + length_) return;
  while (!stopping_ && monotonic_now() < first_ + from_ + length_) ::usleep(1000);
}

}  // namespace tidegate::loadgen
