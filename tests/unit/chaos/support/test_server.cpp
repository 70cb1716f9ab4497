#include "tests/unit/chaos/support/test_server.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <cerrno>

namespace tidegate::chaos::test {

TestServer::TestServer(Script script) : script_(std::move(script)) {
  listener_.reset(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  sockaddr_in own{};
  own.sin_family = AF_INET;
  own.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof own;
  ::bind(listener_.get(), reinterpret_cast<const sockaddr*>(&own), size);
  ::listen(listener_.get(), 128);
  ::getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&own), &size);
  address_ = "127.0.0.1:" + std::to_string(ntohs(own.sin_port));
  acceptor_ = std::thread([this] { accept_all(); });
}

TestServer::~TestServer() {
  stopping_ = true;
  acceptor_.join();
  for (std::thread& thread : threads_) thread.join();
}

void TestServer::accept_all() {
  while (!stopping_) {
    pollfd entry{listener_.get(), POLLIN, 0};
    if (::poll(&entry, 1, 20) <= 0) continue;
    FileDescriptor fd(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (!fd) continue;
    ++accepted_;
    threads_.emplace_back([this, connection = TestClient(std::move(fd))]() mutable { script_(connection); });
  }
}

void echo(TestClient& connection) {
  const Nanoseconds until = monotonic_now() + kDeadline;
  char buffer[65536];
  while (monotonic_now() < until) {
    pollfd entry{connection.fd(), POLLIN, 0};
    if (::poll(&entry, 1, 1000) <= 0) continue;
    const ssize_t got = ::recv(connection.fd(), buffer, sizeof buffer, 0);
    if (got < 0 && errno == EAGAIN) continue;
    if (got <= 0) return;
    if (!connection.send({buffer, static_cast<std::size_t>(got)})) return;
  }
}

}  // namespace tidegate::chaos::test
