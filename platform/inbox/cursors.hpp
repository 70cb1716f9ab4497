#pragma once
// The inbox's table: per stream the last number applied. Private to platform/inbox.

#include <cstdint>
#include <map>

#include "platform/inbox/inbox.hpp"
#include "platform/store/store.hpp"

namespace tidegate::platform {

/// Makes the rows of the partitions that this worker reads; returns what was applied, by partition.
Result<std::map<int, std::int64_t>> open_cursors(Store& store, const InboxOptions& options);
/// Moves a stream's cursor, inside the transaction of the effects. An error when it was not at `before`.
Result<void> move_cursor(Connection& connection, const StreamId& stream, std::int64_t before, std::int64_t after);

}  // namespace tidegate::platform
