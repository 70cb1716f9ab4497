#pragma once
// Payouts in the books: reserved while on their way, then paid out or returned. Private to platform/ledger.

#include "platform/ledger/book.hpp"

namespace tidegate::platform {

/// payout_requested: from merchant-payable to the reserve, if the balance covers it. Emits payout_reserved or
/// payout_refused; the merchant's balance never falls below zero by a payout.
Result<void> reserve_payout(Connection& connection, const Envelope& event, const Emit& emit);
/// payout_paid, payout_failed: out of the reserve, to paid-out or back.
Result<void> finish_payout(Connection& connection, const Envelope& event, bool paid);

}  // namespace tidegate::platform
