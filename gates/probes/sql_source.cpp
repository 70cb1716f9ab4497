#include "gates/probes/sql_source.hpp"

#include <fmt/format.h>
#include <sqlite3.h>

#include <cmath>

#include "gates/probes/postgres_source.hpp"

namespace tidegate::gates {
namespace {

constexpr std::string_view kSqlite = "sqlite:";

struct CloseDatabase {
  void operator()(sqlite3* database) const noexcept { sqlite3_close_v2(database); }
};
struct FinalizeStatement {
  void operator()(sqlite3_stmt* statement) const noexcept { sqlite3_finalize(statement); }
};

class SqliteSource final : public SignalSource {
 public:
  SqliteSource(std::string path, std::string query) : path_(std::move(path)), query_(std::move(query)) {}

  Result<std::optional<double>> read(Nanoseconds timeout) override {
    if (auto opened = open(); !opened) return opened.error();
    sqlite3_busy_timeout(database_.get(), static_cast<int>(timeout / std::chrono::milliseconds(1)));
    // A long query is stopped, not waited for.
    Deadline deadline{monotonic_now() + timeout};
    sqlite3_progress_handler(database_.get(), 1000, &Deadline::passed, &deadline);
    auto number = step();
    sqlite3_progress_handler(database_.get(), 0, nullptr, nullptr);
    return number;
  }

 private:
  struct Deadline {
    Nanoseconds at;
    static int passed(void* self) { return monotonic_now() > static_cast<Deadline*>(self)->at ? 1 : 0; }
  };

  Error failure(bool lasting) const {
    const std::string message = fmt::format("{}: {}", path_, sqlite3_errmsg(database_.get()));
    return lasting ? usage_error(message) : timeout_error(message);
  }

  Result<void> open() {
    if (statement_) return {};
    sqlite3* opened = nullptr;
    const int code = sqlite3_open_v2(path_.c_str(), &opened, SQLITE_OPEN_READONLY, nullptr);
    database_.reset(opened);
    if (code != SQLITE_OK) return failure(false);  // the system may yet make the file
    sqlite3_stmt* made = nullptr;
    const int prepared = sqlite3_prepare_v2(opened, query_.c_str(), -1, &made, nullptr);
    statement_.reset(made);
    if (prepared != SQLITE_OK || made == nullptr) {
      statement_.reset();
      return failure(prepared == SQLITE_ERROR);
    }
    if (sqlite3_column_count(made) < 1 || sqlite3_stmt_readonly(made) == 0) {
      statement_.reset();
      return usage_error(fmt::format("'{}' is not a SELECT", query_));
    }
    return {};
  }

  Result<std::optional<double>> step() {
    const int code = sqlite3_step(statement_.get());
    std::optional<double> number;
    const bool is_row = code == SQLITE_ROW;
    if (is_row && sqlite3_column_type(statement_.get(), 0) != SQLITE_NULL) {
      const double value = sqlite3_column_double(statement_.get(), 0);
      if (std::isfinite(value)) number = value;
    }
    const bool good = is_row || code == SQLITE_DONE;
    const auto error = good ? std::optional<Error>() : std::optional(failure(code == SQLITE_ERROR));
    sqlite3_reset(statement_.get());
    if (error) return *error;
    return number;
  }

  std::string path_, query_;
  std::unique_ptr<sqlite3, CloseDatabase> database_;
  std::unique_ptr<sqlite3_stmt, FinalizeStatement> statement_;  // destroyed before the database
};

}  // namespace

bool is_database(std::string_view from) {
  return from.starts_with(kSqlite) || is_postgres(from);
}

Result<std::unique_ptr<SignalSource>> make_sql_source(const SignalSpec& spec) {
  if (is_postgres(spec.from)) return make_postgres_source(spec);
  if (!spec.from.starts_with(kSqlite)) {
    return usage_error(fmt::format("'{}' is neither sqlite:PATH nor postgresql://...", spec.from));
  }
  return std::unique_ptr<SignalSource>(std::make_unique<SqliteSource>(spec.from.substr(kSqlite.size()), spec.what));
}

}  // namespace tidegate::gates
