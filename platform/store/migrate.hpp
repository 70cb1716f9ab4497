#pragma once
// Brings a database to the schema of this program. Private to platform/store.

#include <cstdint>
#include <span>

#include "platform/store/sqlite_connection.hpp"

namespace tidegate::platform::sqlite {

/// Applies, each in its own transaction, the migrations whose numbers the database does not have yet, in ascending
/// order. Numbers may interleave (shared parts reserve ranges). A number given twice is an error, and so is a database
/// that has one which this program does not know: it was written by a newer one.
Result<void> migrate(SqliteConnection& connection, std::span<const Migration> migrations);

/// Takes ownership: the next epoch, which every transaction of this owner checks and any later owner's taking ends.
Result<std::int64_t> take_epoch(SqliteConnection& connection);

}  // namespace tidegate::platform::sqlite
