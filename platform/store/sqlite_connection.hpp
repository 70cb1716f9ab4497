#pragma once
// A Connection on SQLite with its statement cache. Private to platform/store.

#include <algorithm>
#include <string>
#include <string_view>
#include <unordered_map>

#include "platform/store/sqlite_handle.hpp"
#include "platform/store/store.hpp"

namespace tidegate::platform::sqlite {

class SqliteConnection final : public Connection {
 public:
  explicit SqliteConnection(Database database) : database_(std::move(database)) {}

  using Connection::execute;
  Result<std::int64_t> execute(std::string_view sql, std::span<const Value> parameters) override;
  Result<void> query(std::string_view sql, std::initializer_list<Value> parameters,
                     const std::function<bool(const Row&)>& visit) override;
  std::int64_t last_row() const override { return sqlite3_last_insert_rowid(database_.get()); }

  /// Several statements at once, uncached, for migrations and settings.
  Result<void> script(const std::string& sql);
  /// False once SQLite ended the transaction by itself, as it does after a full disk.
  bool in_transaction() const { return sqlite3_get_autocommit(database_.get()) == 0; }

 private:
  // Of both ends, where statements differ: hashing the whole of each was 5 % of what the ledger's writer does.
  struct TextHash {
    using is_transparent = void;
    static constexpr std::size_t kEnd = 32;
    std::size_t operator()(std::string_view text) const noexcept {
      const std::hash<std::string_view> hash;
      return hash(text.substr(0, kEnd)) ^
             (hash(text.substr(text.size() - std::min(text.size(), kEnd))) * 31 + text.size());
    }
  };

  Result<sqlite3_stmt*> prepare(std::string_view sql);
  Result<void> bind(sqlite3_stmt* statement, std::string_view sql, std::span<const Value> parameters);

  Database database_;
  // After database_, so that statements are finalized before it closes.
  std::unordered_map<std::string, Statement, TextHash, std::equal_to<>> statements_;
};

}  // namespace tidegate::platform::sqlite
