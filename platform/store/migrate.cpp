#include "platform/store/migrate.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <vector>

namespace tidegate::platform::sqlite {
namespace {

Result<std::set<std::int64_t>> applied_numbers(SqliteConnection& connection) {
  std::set<std::int64_t> numbers;
  auto read = connection.query("SELECT number FROM store_migration", {}, [&](const Row& row) {
    numbers.insert(row.integer(0));
    return true;
  });
  if (!read) return read.error();
  return numbers;
}

Result<void> apply(SqliteConnection& connection, const Migration& migration) {
  auto applied = connection.script(fmt::format("BEGIN IMMEDIATE;\n{}\n;INSERT INTO store_migration VALUES ({});COMMIT;",
                                               migration.sql, migration.number));
  if (applied) return {};
  if (connection.in_transaction()) {
    if (auto back = connection.script("ROLLBACK"); !back) return back;
  }
  return Error{applied.error().kind, fmt::format("migration {}: {}", migration.number, applied.error().message)};
}

}  // namespace

Result<void> migrate(SqliteConnection& connection, std::span<const Migration> migrations) {
  auto made = connection.script("CREATE TABLE IF NOT EXISTS store_migration (number INTEGER PRIMARY KEY)");
  if (!made) return made;
  auto applied = applied_numbers(connection);
  if (!applied) return applied.error();

  std::vector<Migration> ordered(migrations.begin(), migrations.end());
  std::sort(ordered.begin(), ordered.end(), [](const auto& a, const auto& b) { return a.number < b.number; });
  std::set<std::int64_t> known;
  for (const Migration& migration : ordered) {
    if (!known.insert(migration.number).second) {
      return internal_error(fmt::format("migration {} is listed twice", migration.number));
    }
  }
  for (const std::int64_t number : *applied) {
    if (known.count(number) == 0) {
      return machine_error(
          fmt::format("the database has migration {}, which this program does not know: it was "
                      "written by a newer one",
                      number));
    }
  }
  for (const Migration& migration : ordered) {
    if (applied->count(migration.number) != 0) continue;
    if (auto done = apply(connection, migration); !done) return done;
  }
  return {};
}

Result<std::int64_t> take_epoch(SqliteConnection& connection) {
  auto taken = connection.script(
      "CREATE TABLE IF NOT EXISTS store_owner (one INTEGER PRIMARY KEY CHECK (one = 1), epoch INTEGER NOT NULL);"
      "INSERT INTO store_owner VALUES (1, 1) ON CONFLICT DO UPDATE SET epoch = epoch + 1;");
  if (!taken) return taken.error();
  std::int64_t epoch = 0;
  auto read = connection.query("SELECT epoch FROM store_owner", {}, [&](const Row& row) {
    epoch = row.integer(0);
    return false;
  });
  if (!read) return read.error();
  return epoch;
}

}  // namespace tidegate::platform::sqlite
