#include "loadgen/local_ports.hpp"

#include <algorithm>
#include <cerrno>
#include <optional>
#include <string>
#include <utility>

#include "base/file.hpp"
#include "base/units.hpp"
#include "loadgen/connection.hpp"

namespace tidegate::loadgen {
namespace {

constexpr int kTries = 64;
constexpr std::int64_t kLastPort = 65'535;

using Range = std::pair<std::int64_t, std::int64_t>;

/// "A" or "A-B", for `between` a '-'.
std::optional<Range> range_of(std::string_view text, char between) {
  const std::size_t middle = text.find(between);
  const auto first = parse_integer(text.substr(0, middle));
  const auto last = middle == std::string_view::npos ? first : parse_integer(text.substr(middle + 1));
  if (!first || !last || *first < 0 || *first > *last || *last > kLastPort) return std::nullopt;
  return Range(*first, *last);
}

std::string setting(const std::string& name) {
  const auto text = read_file("/proc/sys/net/ipv4/" + name);
  return text ? text->substr(0, text->find('\n')) : "";
}

in_port_t& port_of(sockaddr_storage& address) {
  return address.ss_family == AF_INET6 ? reinterpret_cast<sockaddr_in6&>(address).sin6_port
                                       : reinterpret_cast<sockaddr_in&>(address).sin_port;
}

}  // namespace

LocalPorts LocalPorts::of_this_namespace() {
  return parse(setting("ip_local_port_range"), setting("ip_local_reserved_ports"));
}

LocalPorts LocalPorts::parse(std::string_view range, std::string_view reserved) {
  LocalPorts ports;
  const auto given = range_of(range, range.find('\t') == std::string_view::npos ? ' ' : '\t');
  if (!given) return ports;
  std::vector<Range> kept_free;
  while (!reserved.empty()) {
    const std::size_t end = std::min(reserved.find(','), reserved.size());
    const auto one = range_of(reserved.substr(0, end), '-');
    if (!one) return ports;
    kept_free.push_back(*one);
    reserved.remove_prefix(std::min(end + 1, reserved.size()));
  }
  for (std::int64_t port = std::max<std::int64_t>(given->first, 1); port <= given->second; ++port) {
    const bool is_reserved =
        std::ranges::any_of(kept_free, [port](const Range& one) { return port >= one.first && port <= one.second; });
    if (!is_reserved) ports.all_.push_back(static_cast<std::uint16_t>(port));
  }
  return ports;
}

bool LocalPorts::bind(int socket, const Address& to, const Address* source) {
  if (all_.empty()) return false;
  Address from = to;
  const in_port_t peers_own = port_of(from.storage);
  if (source != nullptr) {
    from = *source;
  } else {
    from.storage = {};  // any address
    from.storage.ss_family = to.storage.ss_family;
  }
  std::uniform_int_distribution<std::size_t> draw(0, all_.size() - 1);
  for (int tries = 0; tries < kTries; ++tries) {
    const in_port_t port = htons(all_[draw(random_)]);
    if (port == peers_own) continue;  // from there it could reach itself
    port_of(from.storage) = port;
    if (::bind(socket, reinterpret_cast<const sockaddr*>(&from.storage), from.size) == 0) return true;
    if (errno != EADDRINUSE) return false;
  }
  return false;
}

}  // namespace tidegate::loadgen
