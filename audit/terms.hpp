#pragma once
// What was agreed with the system under test, as far as checkers need it; from the scenario's `audit:` section, kept in
// the run directory with the exports.

#include <string>
#include <vector>

#include "base/time.hpp"

namespace tidegate::audit {

struct Terms {
  /// A read may lag this far behind an acknowledged state.
  Nanoseconds staleness = std::chrono::seconds(2);
  /// A key may be used anew after this time.
  Nanoseconds retention = std::chrono::hours(24);
  /// The platform's and the bank's record of one call may lie this far apart; beyond it the match is late.
  Nanoseconds match_within = std::chrono::minutes(30);
  /// How often one event may arrive at the sink: at-least-once, with a bound.
  int deliveries = 10;
  /// Types of events that the customer is to be told by webhook.
  std::vector<std::string> webhook_events = {"payment_captured", "payment_declined"};
  /// Beginnings of the card numbers that the run made up.
  std::vector<std::string> card_prefixes = {"400000"};
  /// Whether the system declares these exports; without one, what it would show is not asked.
  bool asked_bank = true, asked_ledger = true;
};

}  // namespace tidegate::audit
