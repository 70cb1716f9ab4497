#pragma once
// The ledger's tables, and the effect of each event on them.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "base/result.hpp"
#include "platform/events/envelope.hpp"
#include "platform/ledger/postings.hpp"
#include "platform/store/store.hpp"

namespace tidegate::platform {

std::span<const Migration> ledger_migrations();

/// The effect of one event, inside the inbox's transaction. payment_created makes the pending transfer,
/// payment_captured posts it, payment_declined releases it; a second event of the same kind for a payment changes
/// nothing; other event types are skipped. An error when the books would be wrong: a payment finished that was never
/// pending, finished both ways, or with another amount.
Result<void> post_event(Connection& connection, const Envelope& event);

/// Entries with after < sequence <= as_of in commit order, as the items of the export.
Result<json::array> read_entries(Connection& reader, std::int64_t after, std::int64_t as_of, std::int64_t limit,
                                 std::int64_t& last);
Result<std::int64_t> last_entry(Connection& reader);

}  // namespace tidegate::platform
