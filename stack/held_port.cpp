#include "stack/held_port.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>

#include "base/units.hpp"

namespace tidegate::stack {

Result<FileDescriptor> hold_port(const std::string& address) {
  const auto colon = address.rfind(':');
  const auto port = colon == std::string::npos ? Result<std::int64_t>(usage_error("no port in '" + address + "'"))
                                               : parse_integer(std::string_view(address).substr(colon + 1));
  if (!port) return port.error();
  FileDescriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!socket) return system_error("make a socket to hold " + address, errno);
  const int on = 1;
  sockaddr_in name{};
  name.sin_family = AF_INET;
  name.sin_port = htons(static_cast<std::uint16_t>(*port));
  if (inet_pton(AF_INET, address.substr(0, colon).c_str(), &name.sin_addr) != 1) {
    return usage_error("'" + address + "' is not an IPv4 address with a port");
  }
  if (setsockopt(socket.get(), SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) != 0 ||
      bind(socket.get(), reinterpret_cast<const sockaddr*>(&name), sizeof name) != 0) {
    return system_error("hold port " + address, errno);
  }
  return socket;
}

}  // namespace tidegate::stack
