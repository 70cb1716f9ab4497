// Opening a store: one owner, one epoch, migrations once.

#include <sqlite3.h>
#include <unistd.h>

#include "tests/unit/platform_gateway/scratch.hpp"
#include "tests/unit/platform_gateway/store_support.hpp"

namespace tidegate::platform {
namespace {

using Catch::Matchers::Contains;
using test::insert_item;
using test::items_of;
using test::kItems;
using test::open_items;
using test::ScratchDirectory;

/// What another program does to the file.
void interfere(const std::string& path, const char* sql) {
  sqlite3* database = nullptr;
  REQUIRE(sqlite3_open(path.c_str(), &database) == SQLITE_OK);
  const int done = sqlite3_exec(database, sql, nullptr, nullptr, nullptr);
  sqlite3_close(database);
  REQUIRE(done == SQLITE_OK);
}

TEST_CASE("store: a second owner is refused by name, until the first has gone") {
  const ScratchDirectory scratch;
  auto first = open_items(scratch.path());
  REQUIRE(first->run(insert_item(1)).ok());
  const auto second = open_sqlite_store(scratch.path(), "items", kItems);
  REQUIRE_FALSE(second.ok());
  CHECK_THAT(second.error().message, Contains("items.lock"));
  CHECK_THAT(second.error().message, Contains("process " + std::to_string(::getpid())));
  CHECK(open_sqlite_store(scratch.path(), "others", kItems).ok());  // another name is another store
  first.reset();
  CHECK(items_of(*open_items(scratch.path())).size() == 1);
}

TEST_CASE("store: an owner that was replaced writes nothing more") {
  const ScratchDirectory scratch;
  auto store = open_items(scratch.path());
  REQUIRE(store->run(insert_item(1)).ok());
  interfere(scratch / "items.db", "UPDATE store_owner SET epoch = epoch + 1");
  const auto fenced = store->run(insert_item(2));
  REQUIRE_FALSE(fenced.ok());
  CHECK(fenced.error().kind == Error::Kind::closed);
  CHECK_THAT(fenced.error().message, Contains("new owner"));
  CHECK(items_of(*store).size() == 1);
}

TEST_CASE("store: migrations are applied once each, in the order of their numbers") {
  const ScratchDirectory scratch;
  // Listed out of order: 2 needs the table of 1.
  const Migration two[] = {{2, "INSERT INTO item VALUES (7, 'from 2');"}, kItems[0]};
  for (int time = 0; time < 2; ++time) {
    auto store = open_sqlite_store(scratch.path(), "items", two);
    REQUIRE(store.ok());
    CHECK(items_of(**store).size() == 1);
  }
}

TEST_CASE("store: bad migrations are refused and leave nothing behind") {
  struct Case {
    const char* name;
    std::vector<Migration> migrations;
    const char* says;
  };
  const Case cases[] = {
      {"a number twice", {kItems[0], {1, "SELECT 1;"}}, "listed twice"},
      // Its first statement would work: it must not stay.
      {"one that fails half way", {kItems[0], {2, "CREATE TABLE half (a); CREATE TABLE item (b);"}}, "migration 2"},
      {"not SQL", {kItems[0], {3, "CREATE THE TABLE;"}}, "migration 3"},
  };
  for (const Case& tried : cases) {
    INFO(tried.name);
    const ScratchDirectory scratch;
    const auto opened = open_sqlite_store(scratch.path(), "items", tried.migrations);
    REQUIRE_FALSE(opened.ok());
    CHECK_THAT(opened.error().message, Contains(tried.says));
    auto store = open_items(scratch.path());
    auto reader = store->reader();
    REQUIRE(reader.ok());
    CHECK_FALSE((*reader)->query("SELECT * FROM half", {}, [](const Row&) { return true; }).ok());
  }
}

TEST_CASE("store: what cannot be opened says why") {
  const ScratchDirectory scratch;
  SECTION("written by a newer program") {
    const Migration newer[] = {kItems[0], {99, "CREATE TABLE later (a);"}};
    REQUIRE(open_sqlite_store(scratch.path(), "items", newer).ok());
    const auto older = open_sqlite_store(scratch.path(), "items", kItems);
    REQUIRE_FALSE(older.ok());
    CHECK_THAT(older.error().message, Contains("99") && Contains("newer"));
  }
  SECTION("not a database") {
    std::FILE* file = std::fopen((scratch / "items.db").c_str(), "w");
    std::fputs("this is a text of more than sixteen bytes, not a database", file);
    std::fclose(file);
    const auto opened = open_sqlite_store(scratch.path(), "items", kItems);
    REQUIRE_FALSE(opened.ok());
    CHECK(opened.error().kind == Error::Kind::machine);
    CHECK_THAT(opened.error().message, Contains("items.db"));
  }
  SECTION("a directory in the way") {
    std::filesystem::create_directory(scratch / "items.db");
    CHECK_FALSE(open_sqlite_store(scratch.path(), "items", kItems).ok());
  }
  SECTION("a file where the directory should be") {
    std::fclose(std::fopen((scratch / "data").c_str(), "w"));
    CHECK_FALSE(open_sqlite_store(scratch / "data", "items", kItems).ok());
  }
}

}  // namespace
}  // namespace tidegate::platform
