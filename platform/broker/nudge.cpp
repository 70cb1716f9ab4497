#include "platform/broker/nudge.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <chrono>
#include <cstdint>
#include <sstream>
#include <vector>

#include "base/file.hpp"
#include "base/units.hpp"

namespace tidegate::platform {
namespace {

constexpr auto kBetween = std::chrono::milliseconds(1);

std::vector<std::uint16_t> ports_of(const std::string& bootstrap) {
  std::vector<std::uint16_t> ports;
  std::istringstream addresses(bootstrap);
  for (std::string address; std::getline(addresses, address, ',');) {
    const auto port = parse_integer(address.substr(address.rfind(':') + 1));
    if (port && *port > 0 && *port <= UINT16_MAX) ports.push_back(static_cast<std::uint16_t>(*port));
  }
  return ports;
}

// A listener of a broker that is down is closed: the first that answers will do, since one thread serves them all.
void knock(const std::vector<std::uint16_t>& ports) {
  for (const std::uint16_t port : ports) {
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

}  // namespace

Nudge::Nudge(const std::string& bootstrap)
    : thread_([ports = ports_of(bootstrap)](const std::stop_token& stopped) {
        for (; !stopped.stop_requested(); std::this_thread::sleep_for(kBetween)) knock(ports);
      }) {}

}  // namespace tidegate::platform
