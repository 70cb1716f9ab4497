#include "loadgen/source_addresses.hpp"

#include <arpa/inet.h>

#include <cerrno>
#include <cstring>

namespace tidegate::loadgen {
namespace {

Error not_an_address(const std::string& text) {
  return usage_error("'" + text + "' is not an IP address, nor a range such as 127.0.0.2-127.0.0.9");
}

Address from_ipv4(std::uint32_t host_order) {
  Address address;
  sockaddr_in name{};
  name.sin_family = AF_INET;
  name.sin_addr.s_addr = htonl(host_order);
  std::memcpy(&address.storage, &name, sizeof name);
  address.size = sizeof name;
  address.family = AF_INET;
  return address;
}

std::optional<std::uint32_t> ipv4(const std::string& text) {
  in_addr parsed{};
  if (::inet_pton(AF_INET, text.c_str(), &parsed) != 1) return std::nullopt;
  return ntohl(parsed.s_addr);
}

std::optional<Address> ipv6(const std::string& text) {
  sockaddr_in6 name{};
  name.sin6_family = AF_INET6;
  if (::inet_pton(AF_INET6, text.c_str(), &name.sin6_addr) != 1) return std::nullopt;
  Address address;
  std::memcpy(&address.storage, &name, sizeof name);
  address.size = sizeof name;
  address.family = AF_INET6;
  return address;
}

Result<void> append(const std::string& text, std::vector<Address>& addresses) {
  if (const auto address = ipv6(text)) {
    addresses.push_back(*address);
    return {};
  }
  const std::size_t dash = text.find('-');
  const auto first = ipv4(text.substr(0, dash));
  const auto last = dash == std::string::npos ? first : ipv4(text.substr(dash + 1));
  if (!first || !last) return not_an_address(text);
  if (*last < *first) return usage_error("'" + text + "' goes from a higher address to a lower one");
  if (*last - *first >= kMostSourceAddresses - std::min(kMostSourceAddresses, addresses.size())) {
    return usage_error("more than " + std::to_string(kMostSourceAddresses) + " source addresses");
  }
  for (std::uint64_t each = *first; each <= *last; ++each)
    addresses.push_back(from_ipv4(static_cast<std::uint32_t>(each)));
  return {};
}

}  // namespace

Result<std::vector<Address>> parse_source_addresses(const std::vector<std::string>& texts) {
  std::vector<Address> addresses;
  for (const std::string& text : texts) {
    if (auto appended = append(text, addresses); !appended) return appended.error();
  }
  return addresses;
}

Result<void> check_source_addresses(const std::vector<Address>& addresses) {
  for (const Address& address : addresses) {
    const FileDescriptor socket(::socket(address.family, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (!socket) return system_error("try the source address " + address_text(address), errno);
    if (::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address.storage), address.size) == 0) continue;
    if (errno == EADDRNOTAVAIL) {
      return usage_error("source address " + address_text(address) + " is not an address of this machine");
    }
    return system_error("use the source address " + address_text(address), errno);
  }
  return {};
}

std::string address_text(const Address& address) {
  char text[INET6_ADDRSTRLEN] = "";
  const void* const bytes =
      address.family == AF_INET6
          ? static_cast<const void*>(&reinterpret_cast<const sockaddr_in6&>(address.storage).sin6_addr)
          : static_cast<const void*>(&reinterpret_cast<const sockaddr_in&>(address.storage).sin_addr);
  return ::inet_ntop(address.family, bytes, text, sizeof text) != nullptr ? text : "?";
}

}  // namespace tidegate::loadgen
