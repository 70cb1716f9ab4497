#pragma once
// Local addresses that connections start from, in turn: each has its own 28,000 or so ports, and systems that count by
// client see several.

#include <string>
#include <vector>

#include "base/result.hpp"
#include "loadgen/connection.hpp"

namespace tidegate::loadgen {

inline constexpr std::size_t kMostSourceAddresses = 4096;

/// From texts such as "127.0.0.2", "127.0.0.2-127.0.0.9" (both ends included, IPv4) or "::1". Errors: what is no
/// address, a range that goes backwards, more than kMostSourceAddresses.
Result<std::vector<Address>> parse_source_addresses(const std::vector<std::string>& texts);
/// An error names the first one that this machine does not have.
Result<void> check_source_addresses(const std::vector<Address>& addresses);
/// As people write it, without a port.
std::string address_text(const Address& address);

}  // namespace tidegate::loadgen
