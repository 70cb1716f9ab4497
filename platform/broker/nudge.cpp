#include "platform/broker/nudge.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <chrono>
#include <sstream>

#include "base/file.hpp"
#include "base/units.hpp"

namespace tidegate::platform {
namespace {

constexpr auto kBetween = std::chrono::milliseconds(1);

}  // namespace

Nudger::Nudger(const std::string& bootstrap) {
  std::istringstream addresses(bootstrap);
  for (std::string address; std::getline(addresses, address, ',');) {
    const auto port = parse_integer(address.substr(address.rfind(':') + 1));
    if (port && *port > 0 && *port <= UINT16_MAX) ports_.push_back(static_cast<std::uint16_t>(*port));
  }
  thread_ = std::thread([this] { run(); });
}

Nudger::~Nudger() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

void Nudger::run() {
  std::unique_lock lock(mutex_);
  while (!ending_) {
    if (waiting_ == 0) {
      changed_.wait(lock, [this] { return waiting_ > 0 || ending_; });
      continue;
    }
    lock.unlock();
    knock();
    lock.lock();
    changed_.wait_for(lock, kBetween, [this] { return waiting_ == 0 || ending_; });
  }
}

// A listener of a broker that is down is closed: the first that answers will do, since one thread serves them all.
void Nudger::knock() const {
  for (const std::uint16_t port : ports_) {
    const FileDescriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!socket) return;
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const int connected = ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
    if (connected == 0 || errno == EINPROGRESS) return;
  }
}

Nudge::Nudge(Nudger& nudger) : nudger_(nudger) {
  {
    const std::lock_guard lock(nudger_.mutex_);
    ++nudger_.waiting_;
  }
  nudger_.changed_.notify_one();
}

Nudge::~Nudge() {
  const std::lock_guard lock(nudger_.mutex_);
  --nudger_.waiting_;
}

}  // namespace tidegate::platform
