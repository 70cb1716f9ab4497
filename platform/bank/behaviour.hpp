#pragma once
// How the simulated banks behave, as their documented operator's knobs set it. A bank's slowness, refusals and errors
// are part of what it is; nothing here knows who is calling.

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "base/json.hpp"
#include "base/result.hpp"
#include "base/time.hpp"

namespace tidegate::platform {

/// The knobs of one provider: an acquirer ("acq-01" to "-34"), a payout network ("network-01" to "-12"), "fx",
/// "identity" or "fraud-model". `GET|PUT /admin/behaviour` is what holds for all, `/admin/behaviour/{provider}` what
/// one has different.
struct Behaviour {
  std::int64_t latency_ms = 20;  ///< from the durable record to the answer
  std::int64_t jitter_ms = 10;   ///< uniform, added to or taken from the latency, which never falls below 0
  double tail_share = 0;         ///< of calls, that take tail_ms more
  std::int64_t tail_ms = 1'000;
  double decline_share = 0.005;   ///< of new references, by their hash; of cards, for "identity"
  double elsewhere_share = 0;     ///< of new references: declined, but another acquirer may approve
  double error_share = 0;         ///< of calls, answered 503: half before the charge was recorded, half after
  double silent_share = 0;        ///< of calls, recorded but never answered: the caller's timeout ends them
  std::int64_t brown_out_at = 0;  ///< calls in progress from which every further one takes brown_out_ms more; 0: never
  std::int64_t brown_out_ms = 500;
  double callback_share = 0;  ///< of charges, told again by a signed message after callback_ms
  std::int64_t callback_ms = 200;
  std::int64_t callback_copies = 1;      ///< of each message
  double statement_missing_share = 0;    ///< of rows, left out of the settlement statement
  double statement_mismatch_share = 0;   ///< of rows, with an amount that is 1 too high
  double statement_duplicate_share = 0;  ///< of rows, listed twice
  std::int64_t statement_late_ms = 0;    ///< the statement ends that long before now

  json::object to_json() const;
  /// The members given in `changes` replaced; unknown members and values out of range are errors.
  Result<Behaviour> changed(const json::object& changes) const;
};

/// All providers' behaviours: what holds for all, and the differences of some. Not thread-safe.
class Behaviours {
 public:
  const Behaviour& of(const std::string& provider) const;
  const Behaviour& general() const { return general_; }
  Result<void> change_general(const json::object& changes);
  /// An error when there is no such provider.
  Result<void> change(const std::string& provider, const json::object& changes);

 private:
  Behaviour general_;
  std::map<std::string, json::object> differences_;
  std::map<std::string, Behaviour> own_;
};

bool is_provider(std::string_view name) noexcept;

/// Whether something that happens to a share of names happens to this one: a pure function of both.
bool falls_under(std::string_view what, std::string_view name, double share) noexcept;
/// Whether the bank declines a new charge: a pure function of the reference.
bool declines(std::string_view reference, double decline_share) noexcept;
/// The authorisation code of an approved charge: six characters, a pure function of the reference.
std::string authorisation_code(std::string_view reference);

/// What happens to the n-th call of the process.
struct Fate {
  Nanoseconds delay{0};
  bool fails_before = false;  ///< 503, nothing recorded
  bool fails_after = false;   ///< 503, though the charge is recorded
  bool silent = false;        ///< recorded, not answered
};
Fate fate_of_call(const Behaviour& behaviour, std::uint64_t call, std::int64_t in_progress = 0) noexcept;

}  // namespace tidegate::platform
