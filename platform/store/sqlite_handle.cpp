#include "platform/store/sqlite_handle.hpp"

#include <fmt/format.h>

#include "platform/store/gathered_log.hpp"

namespace tidegate::platform::sqlite {
namespace {

constexpr int kBusyTimeoutMilliseconds = 5000;  // only foreign tools ever hold the write lock

bool machine_fault(int code) {
  switch (code) {
    case SQLITE_FULL:
    case SQLITE_IOERR:
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
    case SQLITE_NOMEM:
    case SQLITE_BUSY:
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return true;
    default:
      return false;
  }
}

}  // namespace

Error error_of(sqlite3* database, const std::string& attempted) {
  const int extended = sqlite3_extended_errcode(database);
  const char* file = sqlite3_db_filename(database, "main");
  std::string message = fmt::format("{}: {} (SQLite {}, {})", attempted, sqlite3_errmsg(database), extended,
                                    file != nullptr && *file != '\0' ? file : "no file");
  return machine_fault(extended & 0xff) ? machine_error(std::move(message)) : internal_error(std::move(message));
}

Result<Database> open_database(const std::string& path, Access access) {
  // SQLite's statistics of memory take a lock that all threads share at every allocation; nobody reads them.
  [[maybe_unused]] static const int configured = sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
  const int mode = access == Access::read_write ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE : SQLITE_OPEN_READONLY;
  sqlite3* raw = nullptr;
  const char* vfs = access == Access::read_write ? gathered_log_vfs() : nullptr;
  const int code = sqlite3_open_v2(path.c_str(), &raw, mode | SQLITE_OPEN_NOMUTEX, vfs);
  Database database(raw);
  if (raw == nullptr) return machine_error(fmt::format("open {}: out of memory", path));
  if (code != SQLITE_OK) return error_of(raw, fmt::format("open {}", path));
  sqlite3_extended_result_codes(raw, 1);
  sqlite3_busy_timeout(raw, kBusyTimeoutMilliseconds);
  return database;
}

}  // namespace tidegate::platform::sqlite
