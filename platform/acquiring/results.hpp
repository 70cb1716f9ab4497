#pragma once
// From the outcome of an attempt to the event that reports it. Pure.

#include "platform/acquiring/attempts.hpp"
#include "platform/acquiring/fx.hpp"
#include "platform/events/envelope.hpp"

namespace tidegate::platform {

/// approved, declined or rejected. The rate, when the merchant settles in another currency.
Envelope result_event(const Attempt& attempt, const BankAnswer& answer, const std::optional<FxRate>& rate);
/// The bank contradicts what it said before.
Envelope conflict_event(const Attempt& attempt, const std::string& reason);
Envelope expiry_event(const Attempt& attempt);

}  // namespace tidegate::platform
