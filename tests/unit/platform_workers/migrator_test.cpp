#include "platform/migrator/migration.hpp"

#include <set>

#include "base/random.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/platform_workers/support.hpp"

using namespace tidegate;
using namespace tidegate::platform;

namespace {

struct Move {
  ScratchDirectory scratch;
  std::unique_ptr<Store> legacy, target;
  std::unique_ptr<Migrations> migrations;

  explicit Move(WrapSecondWrite wrap = {}) {
    legacy = std::move(*open_sqlite_store(scratch.path(), "legacy", legacy_migrations()));
    target = std::move(*open_sqlite_store(scratch.path(), "migrated", target_migrations()));
    begin(std::move(wrap));
  }
  ~Move() {
    migrations.reset();
    legacy->stop();
    target->stop();
  }
  void begin(WrapSecondWrite wrap = {}) {
    migrations = std::make_unique<Migrations>(*legacy, *target, std::move(wrap));
    REQUIRE(migrations->open().ok());
  }
  void fill(std::int64_t rows) {
    REQUIRE(legacy
                ->run([&](Connection& connection) -> Result<void> {
                  for (std::int64_t id = 1; id <= rows; ++id) {
                    if (auto written = write_transaction(connection, row(id, 100 + id)); !written)
                      return written.error();
                  }
                  return {};
                })
                .ok());
  }
  static LegacyTransaction row(std::int64_t id, std::int64_t amount) {
    return {id, "mer_1", "EUR", "captured", amount, 0};
  }
  void copy_all() {
    while (*migrations->step()) {
    }
  }
  std::string phase() { return std::string(migrations->status().at("phase").as_string()); }
  std::int64_t figure(const char* name) { return migrations->status().at(name).to_number<std::int64_t>(); }
};

}  // namespace

TEST_CASE("every row and every change made meanwhile arrives, and reads agree") {
  Move move;
  move.fill(5'000);
  CHECK(*move.migrations->step());
  // While the backfill is under way: an old row changes, a new one comes, one goes.
  REQUIRE(move.migrations->write(Move::row(7, 777)).ok());
  REQUIRE(move.migrations->write(Move::row(6'000, 1)).ok());
  REQUIRE(move.legacy->run([](Connection& connection) { return delete_transaction(connection, 8); }).ok());
  CHECK_FALSE(move.migrations->begin_dual_write().ok());  // too early
  move.copy_all();
  CHECK(move.phase() == "capturing");
  REQUIRE(move.migrations->write(Move::row(9, 999)).ok());
  REQUIRE(move.migrations->begin_dual_write().ok());  // takes what is behind with it
  for (std::int64_t id = 1; id <= 20; ++id) REQUIRE(move.migrations->write(Move::row(id, 5'000 + id)).ok());
  const auto verified = move.migrations->verify();
  REQUIRE(verified.ok());
  CHECK(verified->unequal.empty());
  CHECK(verified->ranges == 6);
  CHECK((*move.migrations->read(7))->amount == 5'007);
  CHECK_FALSE((*move.migrations->read(1'000'000)).has_value());
  CHECK(move.figure("shadow_reads") == 2);
  CHECK(move.figure("shadow_differences") == 0);
  REQUIRE(move.migrations->cut_over().ok());
  CHECK(move.phase() == "cut-over");
}

TEST_CASE("a dual write that silently loses a fifth is found by the checksums and by shadow reads, and repaired") {
  Move move(drop_a_fifth);
  move.fill(3'000);
  move.copy_all();
  REQUIRE(move.migrations->begin_dual_write().ok());
  REQUIRE(move.migrations->verify().ok());
  std::set<std::int64_t> lost_ranges;
  std::int64_t lost = 0;
  for (std::int64_t id = 2'000; id < 2'100; ++id) {
    REQUIRE(move.migrations->write(Move::row(id, 1)).ok());
    if (stable_hash(std::to_string(id)) % 5 != 0) continue;
    ++lost;
    lost_ranges.insert((id - 1) / kRange);
  }
  CHECK(lost > 10);
  CHECK(move.figure("second_write_failures") == 0);  // it was silent
  for (std::int64_t id = 2'000; id < 2'100; ++id) REQUIRE(move.migrations->read(id).ok());
  CHECK(move.figure("shadow_differences") == lost);
  CHECK_FALSE(move.migrations->cut_over().ok());  // verified before, but not true any more
  const auto verified = move.migrations->verify();
  REQUIRE(verified.ok());
  CHECK(std::set<std::int64_t>(verified->unequal.begin(), verified->unequal.end()) == lost_ranges);
  CHECK_FALSE(move.migrations->cut_over().ok());
  CHECK(*move.migrations->repair() == static_cast<std::int64_t>(lost_ranges.size()));
  CHECK(move.migrations->verify()->unequal.empty());
  CHECK(move.migrations->cut_over().ok());
}

TEST_CASE("after a rollback the legacy database has everything that was written to the new one") {
  Move move;
  move.fill(100);
  move.copy_all();
  REQUIRE(move.migrations->begin_dual_write().ok());
  REQUIRE(move.migrations->verify().ok());
  REQUIRE(move.migrations->cut_over().ok());
  for (std::int64_t id = 90; id <= 110; ++id) REQUIRE(move.migrations->write(Move::row(id, 9'000)).ok());
  REQUIRE(move.migrations->roll_back().ok());
  CHECK(move.phase() == "dual-write");
  CHECK((*move.migrations->read(110))->amount == 9'000);
  CHECK((*move.migrations->read(95))->amount == 9'000);
  CHECK(move.migrations->verify()->unequal.empty());
  REQUIRE(move.migrations->roll_back().ok());
  CHECK(move.phase() == "capturing");
  move.copy_all();
  REQUIRE(move.migrations->begin_dual_write().ok());  // and forward again
  CHECK(move.migrations->verify()->unequal.empty());
}

TEST_CASE("a migration that is killed goes on where it was") {
  Move move;
  move.fill(4'500);
  CHECK(*move.migrations->step());
  CHECK(*move.migrations->step());
  move.begin();  // another process
  CHECK(move.figure("backfilled_to") == 2'000);
  move.copy_all();
  move.begin();
  CHECK(move.phase() == "capturing");
  CHECK(move.figure("changes_behind") == 0);
  REQUIRE(move.migrations->begin_dual_write().ok());
  move.begin();
  CHECK(move.phase() == "dual-write");
  CHECK(move.migrations->verify()->unequal.empty());
}

TEST_CASE("a second write that fails does not fail the client, and blocks the cut-over") {
  bool broken = false;
  Move move([&](SecondWrite write) -> SecondWrite {
    return [&broken, write = std::move(write)](const LegacyTransaction& transaction) -> Result<void> {
      if (broken) return machine_error("the new database is away");
      return write(transaction);
    };
  });
  move.fill(10);
  move.copy_all();
  REQUIRE(move.migrations->begin_dual_write().ok());
  REQUIRE(move.migrations->verify().ok());
  broken = true;
  CHECK(move.migrations->write(Move::row(3, 33)).ok());
  CHECK(move.figure("second_write_failures") == 1);
  CHECK_FALSE(move.migrations->cut_over().ok());
  broken = false;
  CHECK(move.migrations->verify()->unequal == std::vector<std::int64_t>{0});
  CHECK(*move.migrations->repair() == 1);
  CHECK(move.migrations->verify()->unequal.empty());
  CHECK(move.migrations->cut_over().ok());
}

TEST_CASE("a copy never replaces a newer row") {
  Move move;
  REQUIRE(move.target
              ->run([](Connection& connection) -> Result<void> {
                LegacyTransaction newer = Move::row(1, 2);
                newer.version = 5;
                REQUIRE(copy_transaction(connection, newer).ok());
                LegacyTransaction older = Move::row(1, 1);
                older.version = 4;
                REQUIRE(copy_transaction(connection, older).ok());
                CHECK((*find_transaction(connection, 1))->amount == 2);
                return {};
              })
              .ok());
}
