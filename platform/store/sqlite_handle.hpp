#pragma once
// The one place that owns SQLite's C handles. Private to platform/store.

#include <sqlite3.h>

#include <memory>
#include <string>

#include "base/result.hpp"

namespace tidegate::platform::sqlite {

struct CloseDatabase {
  void operator()(sqlite3* database) const noexcept { sqlite3_close_v2(database); }
};
struct FinalizeStatement {
  void operator()(sqlite3_stmt* statement) const noexcept { sqlite3_finalize(statement); }
};
using Database = std::unique_ptr<sqlite3, CloseDatabase>;
using Statement = std::unique_ptr<sqlite3_stmt, FinalizeStatement>;

/// What the database says went wrong, with what was attempted. Disk full, input/output and read-only errors are
/// Kind::machine; the rest is Kind::internal (a statement that does not fit the schema, a broken constraint).
Error error_of(sqlite3* database, const std::string& attempted);

enum class Access { read_write, read_only };
/// Opens the file and sets what every connection needs. No mutex inside: a connection serves one thread.
Result<Database> open_database(const std::string& path, Access access);

}  // namespace tidegate::platform::sqlite
