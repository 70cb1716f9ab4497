#pragma once
// A name of the system under test (a key, a payment's id, a bank's reference) as 128 bits of its hash: fixed in size,
// so that ten million of them can be sorted and compared without their texts. Two of 10^8 names collide with a
// probability below 10^-22. The texts of the few that a counterexample shows are read again from the run directory.

#include <compare>
#include <cstdint>
#include <string_view>

namespace tidegate::audit {

struct Identity {
  std::uint64_t high = 0, low = 0;
  /// The identity of no name at all.
  bool empty() const { return high == 0 && low == 0; }
  auto operator<=>(const Identity&) const = default;
};

/// XXH3, 128 bits. An empty text has the empty identity.
Identity identity_of(std::string_view text) noexcept;

}  // namespace tidegate::audit
