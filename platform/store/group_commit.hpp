#pragma once
// One transaction for many units of work. Private to platform/store.
//
//   BEGIN IMMEDIATE - am I still the owner? - unit* - COMMIT
//                                              | one failed: ROLLBACK, and all of it once more
//   BEGIN IMMEDIATE - am I still the owner? - [SAVEPOINT - unit - RELEASE]* - COMMIT
//
// A unit that fails is rolled back to its savepoint and its neighbours are not touched. Savepoints come the second time
// only: SQLite copies every page that a unit changes under one. When SQLite ends the whole transaction by itself (disk
// full, input/output error), every unit of it has failed and each is told so.

#include <vector>

#include "platform/store/sqlite_connection.hpp"

namespace tidegate::platform::sqlite {

struct Unit {
  Work work;
  Committed committed;
  Urgency urgency = Urgency::awaited;
};

/// Runs the units in order and commits; `outcomes[i]` is what unit i's owner is to be told. After it, no transaction is
/// open. `epoch` is the owner's; when the database has another one, nothing is written (fencing).
void commit_group(SqliteConnection& connection, std::int64_t epoch, std::vector<Unit>& units,
                  std::vector<Result<void>>& outcomes);

}  // namespace tidegate::platform::sqlite
