#include "tests/unit/chaos/support/sockets.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>

#include "base/random.hpp"

namespace tidegate::chaos::test {

void wait_a_little() {
  ::poll(nullptr, 0, 2);
}

TestClient::TestClient(const std::string& address) {
  const auto colon = address.rfind(':');
  sockaddr_in peer{};
  peer.sin_family = AF_INET;
  peer.sin_port = htons(static_cast<std::uint16_t>(std::atoi(address.c_str() + colon + 1)));
  ::inet_pton(AF_INET, address.substr(0, colon).c_str(), &peer.sin_addr);
  FileDescriptor fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&peer), sizeof peer) != 0) return;
  const int one = 1;
  ::setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  ::fcntl(fd.get(), F_SETFL, O_NONBLOCK);
  fd_ = std::move(fd);
}

bool TestClient::wait_for(short events, Nanoseconds until) const {
  const Nanoseconds left = std::max(Nanoseconds{0}, until - monotonic_now());
  pollfd entry{fd_.get(), events, 0};
  return ::poll(&entry, 1, static_cast<int>(left.count() / 1'000'000)) > 0;
}

bool TestClient::send(std::string_view bytes, Nanoseconds limit) {
  const Nanoseconds until = monotonic_now() + limit;
  while (!bytes.empty()) {
    if (!wait_for(POLLOUT, until)) return false;
    const ssize_t sent = ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN) return false;
    if (sent > 0) bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

std::size_t TestClient::send_what_fits(std::string_view bytes) {
  std::size_t total = 0;
  while (total < bytes.size()) {
    const ssize_t sent = ::send(fd_.get(), bytes.data() + total, bytes.size() - total, MSG_NOSIGNAL);
    if (sent <= 0) break;
    total += static_cast<std::size_t>(sent);
  }
  return total;
}

std::string TestClient::receive(std::size_t count, Nanoseconds limit) {
  const Nanoseconds until = monotonic_now() + limit;
  std::string out;
  char buffer[65536];
  while (out.size() < count && wait_for(POLLIN, until)) {
    const ssize_t got = ::recv(fd_.get(), buffer, std::min(sizeof buffer, count - out.size()), 0);
    if (got == 0 || (got < 0 && errno != EAGAIN)) break;
    if (got > 0) out.append(buffer, static_cast<std::size_t>(got));
  }
  return out;
}

std::optional<std::string> TestClient::receive_all(Nanoseconds limit) {
  const Nanoseconds until = monotonic_now() + limit;
  std::string out;
  char buffer[65536];
  while (wait_for(POLLIN, until)) {
    const ssize_t got = ::recv(fd_.get(), buffer, sizeof buffer, 0);
    if (got == 0) return out;
    if (got < 0 && errno != EAGAIN) return std::nullopt;
    if (got > 0) out.append(buffer, static_cast<std::size_t>(got));
  }
  return std::nullopt;
}

bool TestClient::readable() const {
  return wait_for(POLLIN, Nanoseconds{0});
}

bool TestClient::was_reset(Nanoseconds limit) {
  const Nanoseconds until = monotonic_now() + limit;
  char byte;
  while (wait_for(POLLIN, until)) {
    const ssize_t got = ::recv(fd_.get(), &byte, 1, 0);
    if (got < 0 && errno != EAGAIN) return errno == ECONNRESET;
    if (got == 0) return false;
  }
  return false;
}

void TestClient::end_sending() {
  ::shutdown(fd_.get(), SHUT_WR);
}

void TestClient::abort() {
  const linger reset{1, 0};
  ::setsockopt(fd_.get(), SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
  fd_.reset();
}

std::string random_bytes(std::size_t count, std::uint64_t seed) {
  std::string out;
  Draws draws(seed, 1, 1);
  while (out.size() < count) {
    const std::uint64_t value = draws.next();
    out.append(reinterpret_cast<const char*>(&value), std::min(sizeof value, count - out.size()));
  }
  return out;
}

bool process_gone(int pid) {
  const auto stat = read_file("/proc/" + std::to_string(pid) + "/stat");
  if (!stat) return true;
  const auto end_of_name = stat->rfind(") ");
  return end_of_name == std::string::npos || (*stat)[end_of_name + 2] == 'Z';
}

int mode_of(const std::string& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 ? static_cast<int>(status.st_mode & 07777) : -1;
}

TemporaryDirectory::TemporaryDirectory() {
  std::string pattern = std::filesystem::temp_directory_path().string() + "/tidegate-chaos-XXXXXX";
  if (::mkdtemp(pattern.data()) == nullptr) std::abort();
  path_ = pattern;
}

TemporaryDirectory::~TemporaryDirectory() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace tidegate::chaos::test
