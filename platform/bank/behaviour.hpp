#pragma once
// How the simulated bank behaves, as its documented operator's knobs set it. A bank's slowness, refusals and errors are
// part of what it is; nothing here knows who is calling.

#include <cstdint>
#include <string>
#include <string_view>

#include "base/json.hpp"
#include "base/result.hpp"
#include "base/time.hpp"

namespace tidegate::platform {

/// `GET|PUT /admin/behaviour`.
struct Behaviour {
  std::int64_t latency_ms = 20;  ///< from the durable record to the answer of a charge
  std::int64_t jitter_ms = 10;   ///< uniform, added to or taken from the latency, which never falls below 0
  double decline_share = 0.005;  ///< of new references, by their hash
  double error_share = 0;        ///< of charge calls, answered 503: half before the charge was recorded, half after

  json::object to_json() const;
  /// The members given in `changes` replaced; unknown members and values out of range are errors.
  Result<Behaviour> changed(const json::object& changes) const;
};

/// Whether the bank declines a new charge: a pure function of the reference.
bool declines(std::string_view reference, double decline_share) noexcept;
/// The authorisation code of an approved charge: six characters, a pure function of the reference.
std::string authorisation_code(std::string_view reference);

/// What happens to the n-th charge call of the process.
struct Fate {
  Nanoseconds delay{0};
  bool fails_before = false;  ///< 503, nothing recorded
  bool fails_after = false;   ///< 503, though the charge is recorded
};
Fate fate_of_call(const Behaviour& behaviour, std::uint64_t call) noexcept;

}  // namespace tidegate::platform
