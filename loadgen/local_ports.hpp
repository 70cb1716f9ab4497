#pragma once
// Local ports for new connections, chosen here instead of by the kernel once many are taken.
//
// connect() looks for a free port one after the other, those of one parity first. With more connections open than there
// are ports of a parity (14,116 by default) it looks at all of these in vain, each time: 1 ms of the load loop for each
// connection, exactly while the system under test stalls and every arrival needs one. Trying ports at random takes two
// or three tries until nearly all are taken.

#include <cstdint>
#include <random>
#include <string_view>
#include <vector>

namespace tidegate::loadgen {

struct Address;

/// Not thread-safe.
class LocalPorts {
 public:
  /// What the kernel gives out in this network namespace; none where it does not say.
  static LocalPorts of_this_namespace();
  /// From the texts of net.ipv4.ip_local_port_range ("32768 60999") and ip_local_reserved_ports ("40000,41000-41010").
  /// None when either is something else.
  static LocalPorts parse(std::string_view range, std::string_view reserved);

  /// So many are taken that the kernel would look for long. `open` is about how many connections are open, `sources`
  /// how many addresses they start from.
  bool scarce(std::size_t open, std::size_t sources) const noexcept { return open >= all_.size() / 4 * sources; }
  /// Binds a socket that will connect to `to` to a free port, of `source` or of any address. False: it is not bound.
  bool bind(int socket, const Address& to, const Address* source);

  const std::vector<std::uint16_t>& all() const noexcept { return all_; }

 private:
  std::vector<std::uint16_t> all_;
  std::minstd_rand random_{std::random_device{}()};
};

}  // namespace tidegate::loadgen
