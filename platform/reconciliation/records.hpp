#pragma once
// Our side: what acquirers approved, as the events tell it; written out as CSV for a run.

#include <span>
#include <string>

#include "platform/events/envelope.hpp"
#include "platform/store/store.hpp"

namespace tidegate::platform {

std::span<const Migration> record_migrations();

/// The effect of payment_created (topic payments) and of acquirer_approved and acquirer_authorized (topic acquiring),
/// in either order.
Result<void> note_record(Connection& connection, const Envelope& event);

/// Writes the approved records of [from_ms, to_ms) as ours.csv; how many.
Result<std::int64_t> write_ours(Connection& reader, std::int64_t from_ms, std::int64_t to_ms, const std::string& path);

}  // namespace tidegate::platform
