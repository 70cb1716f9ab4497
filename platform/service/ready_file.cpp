#include "base/file.hpp"
#include "base/json.hpp"
#include "base/units.hpp"
#include "platform/service/options.hpp"

namespace tidegate::platform {

Result<HostPort> parse_address(const std::string& address) {
  const auto colon = address.rfind(':');
  const auto bad = [&] { return usage_error("'" + address + "' is not HOST:PORT"); };
  if (colon == std::string::npos || colon == 0) return bad();
  const auto port = parse_integer(std::string_view(address).substr(colon + 1));
  if (!port || *port < 1 || *port > 65535) return bad();
  return HostPort{address.substr(0, colon), static_cast<std::uint16_t>(*port)};
}

Result<void> announce_ready(const ServiceOptions& options, const std::map<std::string, std::string>& endpoints) {
  if (options.ready_file.empty()) return {};
  json::object content;
  for (const auto& [name, address] : endpoints) content[name] = address;
  return write_file_atomically(options.ready_file, json::serialize(content) + "\n");
}

}  // namespace tidegate::platform
