#pragma once
// The effect of each event on the books, and what it causes.

#include <functional>
#include <string>

#include "platform/events/envelope.hpp"
#include "platform/ledger/transfers.hpp"

namespace tidegate::platform {

/// When captured and cleared money becomes the merchant's.
struct Settlement {
  bool stream = true;                ///< with the event that makes it due
  std::int64_t batch_seconds = 300;  ///< else: all that is due, this often

  /// {"mode": "stream"} or {"mode": "batch", "every_seconds": 300}.
  static Result<Settlement> from_json(const json::object& body);
  json::object to_json() const;
};

/// Appends an event to the ledger's own outbox, inside the same transaction.
using Emit = std::function<Result<void>(Envelope)>;

/// The effect of one event, inside the inbox's transaction; a second event of the same kind and reference changes
/// nothing; event types that do not concern the books are skipped. An error when the books would be wrong: a payment
/// finished that was never pending, finished both ways, or beyond its amount.
///
/// fraud_cleared may come before payment_created (two topics): it is kept. Payouts are reserved when the merchant's
/// payable balance covers them, else refused; both are emitted.
Result<void> post_event(Connection& connection, const Envelope& event, const Settlement& settlement, const Emit& emit);

/// Settles at most `limit` payments that are due, as one batch; how many it found.
Result<std::int64_t> settle_due(Connection& connection, const std::string& batch, std::int64_t limit, const Emit& emit);

}  // namespace tidegate::platform
