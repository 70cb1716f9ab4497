#include "platform/store/sqlite_connection.hpp"

#include <fmt/format.h>

#include "base/assert.hpp"

namespace tidegate::platform::sqlite {
namespace {

class SqliteRow final : public Row {
 public:
  explicit SqliteRow(sqlite3_stmt* statement) : statement_(statement) {}
  std::int64_t integer(int column) const override { return sqlite3_column_int64(statement_, column); }
  std::string_view text(int column) const override {
    const auto* bytes = reinterpret_cast<const char*>(sqlite3_column_text(statement_, column));
    return bytes == nullptr
               ? std::string_view{}
               : std::string_view(bytes, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column)));
  }
  bool is_null(int column) const override { return sqlite3_column_type(statement_, column) == SQLITE_NULL; }

 private:
  sqlite3_stmt* statement_;
};

/// Leaves the cached statement ready for its next use, whatever happened to this one.
class ResetAtEnd {
 public:
  explicit ResetAtEnd(sqlite3_stmt* statement) : statement_(statement) {}
  ~ResetAtEnd() {
    sqlite3_reset(statement_);
    sqlite3_clear_bindings(statement_);  // bound text belongs to the caller and may be gone by the next use
  }
  ResetAtEnd(const ResetAtEnd&) = delete;
  ResetAtEnd& operator=(const ResetAtEnd&) = delete;

 private:
  sqlite3_stmt* statement_;
};

}  // namespace

Result<sqlite3_stmt*> SqliteConnection::prepare(std::string_view sql) {
  if (const auto known = statements_.find(sql); known != statements_.end()) {
    TIDEGATE_ASSERT(sqlite3_stmt_busy(known->second.get()) == 0);  // a query must not run its own text from its visitor
    return known->second.get();
  }
  sqlite3_stmt* raw = nullptr;
  const int code = sqlite3_prepare_v3(database_.get(), sql.data(), static_cast<int>(sql.size()),
                                      SQLITE_PREPARE_PERSISTENT, &raw, nullptr);
  Statement statement(raw);
  if (code != SQLITE_OK) return error_of(database_.get(), fmt::format("prepare \"{}\"", sql));
  if (raw == nullptr) return internal_error(fmt::format("prepare \"{}\": no statement", sql));
  statements_.emplace(std::string(sql), std::move(statement));
  return raw;
}

Result<void> SqliteConnection::bind(sqlite3_stmt* statement, std::string_view sql, std::span<const Value> parameters) {
  if (sqlite3_bind_parameter_count(statement) != static_cast<int>(parameters.size())) {
    return internal_error(fmt::format("\"{}\" takes {} parameters, {} given", sql,
                                      sqlite3_bind_parameter_count(statement), parameters.size()));
  }
  int index = 0;
  for (const Value& value : parameters) {
    ++index;
    int code = SQLITE_OK;
    switch (value.kind) {
      case Value::Kind::null:
        code = sqlite3_bind_null(statement, index);
        break;
      case Value::Kind::integer:
        code = sqlite3_bind_int64(statement, index, value.integer);
        break;
      case Value::Kind::text:
        // A view without data would bind NULL; an empty text is not NULL.
        code = sqlite3_bind_text64(statement, index, value.text.data() == nullptr ? "" : value.text.data(),
                                   value.text.size(), SQLITE_STATIC, SQLITE_UTF8);
        break;
    }
    if (code != SQLITE_OK) return error_of(database_.get(), fmt::format("bind {} of \"{}\"", index, sql));
  }
  return {};
}

Result<std::int64_t> SqliteConnection::execute(std::string_view sql, std::span<const Value> parameters) {
  auto statement = prepare(sql);
  if (!statement) return statement.error();
  const ResetAtEnd reset(*statement);
  if (auto bound = bind(*statement, sql, parameters); !bound) return bound.error();
  int code = sqlite3_step(*statement);
  while (code == SQLITE_ROW) code = sqlite3_step(*statement);
  if (code != SQLITE_DONE) return error_of(database_.get(), fmt::format("run \"{}\"", sql));
  return sqlite3_stmt_readonly(*statement) != 0 ? std::int64_t{0} : sqlite3_changes64(database_.get());
}

Result<void> SqliteConnection::query(std::string_view sql, std::initializer_list<Value> parameters,
                                     const std::function<bool(const Row&)>& visit) {
  auto statement = prepare(sql);
  if (!statement) return statement.error();
  const ResetAtEnd reset(*statement);
  if (auto bound = bind(*statement, sql, std::span(parameters.begin(), parameters.size())); !bound) return bound;
  const SqliteRow row(*statement);
  for (;;) {
    const int code = sqlite3_step(*statement);
    if (code == SQLITE_DONE) return {};
    if (code != SQLITE_ROW) return error_of(database_.get(), fmt::format("read \"{}\"", sql));
    if (!visit(row)) return {};
  }
}

Result<void> SqliteConnection::script(const std::string& sql) {
  if (sqlite3_exec(database_.get(), sql.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK) return {};
  return error_of(database_.get(), fmt::format("run \"{}\"", sql.substr(0, 80)));
}

}  // namespace tidegate::platform::sqlite
