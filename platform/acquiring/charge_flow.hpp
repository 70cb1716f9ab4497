#pragma once
// When to ask the bank what, until the outcome of one charge is known. A state machine without I/O and without a clock.
//
//             +--------------- not known: the SAME reference again ---------------+
//             v                                                                   |
//   start -> post -- unknown (timeout, reset, 5xx, nonsense) -> wait -> enquire --+-- unknown -> wait -> enquire
//             |                                                    |
//             +---------- approved, declined, rejected ------------+-> finished
//
// The bank de-duplicates by reference, so a charge whose fate is unknown is never made a second time, and it is never
// tried elsewhere.

#include <cstdint>
#include <string>
#include <string_view>

#include "base/time.hpp"

namespace tidegate::platform {

/// What one call taught us.
struct BankAnswer {
  enum class Kind {
    approved,
    declined,
    rejected,   ///< the bank refuses the request itself; nothing was charged
    not_known,  ///< to an enquiry: the bank never saw the reference
    unknown,    ///< anything else: the charge may or may not have happened
  };
  Kind kind = Kind::unknown;
  std::string auth_code = {};  ///< when approved
  std::string reason = {};     ///< when not approved, for people
  /// Of a decline: another acquirer may say otherwise (the acquirer is closed, does not know the card's scheme). Never
  /// of an unknown outcome.
  bool elsewhere = false;
  std::int64_t expires_at_ms = 0;  ///< of an authorization
};

class ChargeFlow {
 public:
  enum class Action { post, enquire, finished };
  struct Step {
    Action action = Action::post;
    Nanoseconds wait{0};  ///< before it
  };

  /// `resumed`: the attempt was begun by an earlier process, so the bank is asked before anything is posted.
  ChargeFlow(std::string_view reference, bool resumed);

  /// What to do first.
  Step first() const { return step_; }
  /// What to do after the answer to the last step.
  Step next(const BankAnswer& answer);
  /// Calls made so far that did not settle it.
  std::uint32_t failures() const { return failures_; }

 private:
  Step after_failure(Action action);

  std::uint64_t seed_;
  std::uint32_t failures_ = 0;
  Step step_;
};

/// 100 ms, doubled per failure up to 2 s, of which a random half is taken off; `failures` from 1.
Nanoseconds back_off(std::uint64_t seed, std::uint32_t failures) noexcept;

}  // namespace tidegate::platform
