// What every Store does, whoever implements it: one suite, run on each implementation. Units of work share a commit,
// and each lives or dies by itself.

#include <stdexcept>

#include "tests/unit/platform_gateway/scratch.hpp"
#include "tests/unit/platform_gateway/store_support.hpp"

namespace tidegate::platform {
namespace {

using test::HeldWriter;
using test::insert_item;
using test::items_of;
using test::kStoreKinds;
using test::Outcomes;
using test::ScratchDirectory;
using test::StoreKind;

TEST_CASE("store: a failing unit does not poison its neighbours") {
  const StoreKind kind = GENERATE(from_range(std::begin(kStoreKinds), std::end(kStoreKinds)));
  INFO(kind.name);
  struct Case {
    const char* name;
    Work work;
  };
  const Case cases[] = {
      // It writes a row of its own, then gives up.
      {"returns an error after a write",
       [](Connection& connection) -> Result<void> {
         if (auto done = insert_item(50)(connection); !done) return done;
         return usage_error("no");
       }},
      // SQLite undoes the statement; the rows before it in the unit must go, too.
      {"breaks a constraint after a write",
       [](Connection& connection) -> Result<void> {
         if (auto done = insert_item(50)(connection); !done) return done;
         return insert_item(1)(connection);
       }},
      {"throws after a write",
       [](Connection& connection) -> Result<void> {
         if (auto done = insert_item(50)(connection); !done) return done;
         throw std::runtime_error("no");
       }},
      {"runs a statement that is none",
       [](Connection& connection) -> Result<void> {
         if (auto done = insert_item(50)(connection); !done) return done;
         auto wrong = connection.execute("INSERT INTO nowhere VALUES (1)", {});
         return wrong.error();
       }},
      {"gives too few parameters",
       [](Connection& connection) -> Result<void> {
         if (auto done = insert_item(50)(connection); !done) return done;
         auto wrong = connection.execute("INSERT INTO item VALUES (?, ?)", {51});
         return wrong.error();
       }},
  };
  for (const Case& tried : cases) {
    INFO(tried.name);
    const ScratchDirectory scratch;
    auto store = kind.open(scratch.path());
    Outcomes outcomes;
    {
      HeldWriter held(*store);
      store->submit(insert_item(1), outcomes.expect(1));
      store->submit(tried.work, outcomes.expect(2));
      store->submit(insert_item(3), outcomes.expect(3));
    }
    const auto told = outcomes.wait_for(3);
    CHECK(told.at(1).ok());
    CHECK_FALSE(told.at(2).ok());
    CHECK(told.at(3).ok());
    CHECK(items_of(*store) == std::map<std::int64_t, std::string>{{1, "note"}, {3, "note"}});
  }
}

TEST_CASE("store: a unit whose neighbour fails is run again, and what it writes is there once") {
  const StoreKind kind = GENERATE(from_range(std::begin(kStoreKinds), std::end(kStoreKinds)));
  INFO(kind.name);
  const ScratchDirectory scratch;
  auto store = kind.open(scratch.path());
  Outcomes outcomes;
  int runs = 0;
  {
    HeldWriter held(*store);
    store->submit(
        [&](Connection& connection) -> Result<void> {
          ++runs;
          return insert_item(1)(connection);
        },
        outcomes.expect(1));
    store->submit([](Connection&) -> Result<void> { return usage_error("no"); }, outcomes.expect(2));
    store->submit([](Connection&) -> Result<void> { return usage_error("no"); }, outcomes.expect(3));
    store->submit(insert_item(4), outcomes.expect(4));
  }
  const auto told = outcomes.wait_for(4);
  CHECK(told.at(1).ok());
  CHECK_FALSE(told.at(2).ok());
  CHECK_FALSE(told.at(3).ok());
  CHECK(told.at(4).ok());
  CHECK(outcomes.order() == std::vector<int>{1, 2, 3, 4});  // told once each
  CHECK(runs == 2);
  CHECK(items_of(*store).size() == 2);
}

TEST_CASE("store: units that wait together share one commit, and nobody is told before it") {
  const StoreKind kind = GENERATE(from_range(std::begin(kStoreKinds), std::end(kStoreKinds)));
  INFO(kind.name);
  const ScratchDirectory scratch;
  auto store = kind.open(scratch.path());
  Outcomes outcomes;
  bool seen_by_others = true;
  std::size_t told_before = 99;
  {
    HeldWriter held(*store);
    store->submit(insert_item(1), outcomes.expect(1));
    store->submit(
        [&](Connection& connection) -> Result<void> {
          seen_by_others = !items_of(*store).empty();
          told_before = outcomes.order().size();
          return insert_item(2)(connection);
        },
        outcomes.expect(2));
  }
  outcomes.wait_for(2);
  CHECK_FALSE(seen_by_others);
  CHECK(told_before == 0);
  CHECK(outcomes.order() == std::vector<int>{1, 2});
  CHECK(items_of(*store).size() == 2);
}

TEST_CASE("store: the order of submission is the order of writing, also beyond the largest group") {
  const StoreKind kind = GENERATE(from_range(std::begin(kStoreKinds), std::end(kStoreKinds)));
  INFO(kind.name);
  const ScratchDirectory scratch;
  auto store = kind.open(scratch.path());
  Outcomes outcomes;
  constexpr int kUnits = 3000;
  {
    HeldWriter held(*store);
    for (int i = 0; i < kUnits; ++i) {
      store->submit(
          [](Connection& connection) -> Result<void> {
            auto done = connection.execute("INSERT INTO item (note) VALUES ('x')", {});
            if (!done) return done.error();
            return {};
          },
          outcomes.expect(i), i % 3 == 0 ? Urgency::awaited : Urgency::background);
    }
    CHECK(store->queue_depth() == kUnits + 1);
  }
  outcomes.wait_for(kUnits);
  const auto order = outcomes.order();
  CHECK(std::is_sorted(order.begin(), order.end()));
  CHECK(items_of(*store).size() == kUnits);
  CHECK(store->queue_depth() == 0);
}

TEST_CASE("store: what nobody waits for is committed by itself, with what somebody waits for, and by a stop") {
  const StoreKind kind = GENERATE(from_range(std::begin(kStoreKinds), std::end(kStoreKinds)));
  INFO(kind.name);
  const ScratchDirectory scratch;
  auto store = kind.open(scratch.path());
  Outcomes outcomes;
  int number = 0;
  const auto submit_in_background = [&] {
    ++number;
    store->submit(insert_item(number), outcomes.expect(number), Urgency::background);
  };
  submit_in_background();
  submit_in_background();
  outcomes.wait_for(2);
  for (int i = 0; i < 50; ++i) {  // the writer rests, and is woken
    submit_in_background();
    REQUIRE(store->run(insert_item(++number)).ok());
    CHECK(outcomes.order().back() == number - 1);
  }
  submit_in_background();
  store->stop();
  CHECK(outcomes.order().back() == number);
  CHECK(items_of(*kind.open((store.reset(), scratch.path()))).size() == static_cast<std::size_t>(number));
}

TEST_CASE("store: stopping commits what was queued and refuses what comes later") {
  const StoreKind kind = GENERATE(from_range(std::begin(kStoreKinds), std::end(kStoreKinds)));
  INFO(kind.name);
  const ScratchDirectory scratch;
  auto store = kind.open(scratch.path());
  Outcomes outcomes;
  {
    HeldWriter held(*store);
    for (int i = 1; i <= 20; ++i) store->submit(insert_item(i), outcomes.expect(i));
  }
  store->stop();
  for (const auto& [number, outcome] : outcomes.wait_for(20)) {
    INFO(number);
    CHECK(outcome.ok());
  }
  const auto refused = store->run(insert_item(21));
  CHECK_FALSE(refused.ok());
  CHECK(refused.error().kind == Error::Kind::closed);
  store->stop();  // a second time is harmless
  CHECK(items_of(*kind.open((store.reset(), scratch.path()))).size() == 20);
}

TEST_CASE("store: a reader cannot write, and sees only what is committed") {
  const StoreKind kind = GENERATE(from_range(std::begin(kStoreKinds), std::end(kStoreKinds)));
  INFO(kind.name);
  const ScratchDirectory scratch;
  auto store = kind.open(scratch.path());
  auto reader = store->reader();
  REQUIRE(reader.ok());
  CHECK_FALSE((*reader)->execute("INSERT INTO item VALUES (1, 'x')", {}).ok());
  REQUIRE(store->run(insert_item(2)).ok());
  int rows = 0;
  REQUIRE((*reader)->query("SELECT id FROM item", {}, [&](const Row&) { return ++rows > 0; }).ok());
  CHECK(rows == 1);
}

// 48 MB, where SQLite keeps 32 in memory: what is over lies in the log before it is committed, and is read from there.
TEST_CASE("store: a unit larger than memory for it reads what it wrote, and is there whole or not at all") {
  const StoreKind kind = GENERATE(from_range(std::begin(kStoreKinds), std::end(kStoreKinds)));
  INFO(kind.name);
  const ScratchDirectory scratch;
  constexpr std::int64_t rows = 12'000;
  const auto fill = [&](bool keep) {
    return [=](Connection& connection) -> Result<void> {
      for (std::int64_t id = 1; id <= rows; ++id) {
        auto done = insert_item(id, std::to_string(id) + std::string(4000, 'x'))(connection);
        if (!done) return done;
      }
      auto changed = connection.execute("UPDATE item SET note = 'first' WHERE id = 1", {});
      if (!changed) return changed.error();
      return keep ? Result<void>() : usage_error("no");
    };
  };
  auto store = kind.open(scratch.path());
  CHECK_FALSE(store->run(fill(false)).ok());
  CHECK(items_of(*store).empty());
  REQUIRE(store->run(fill(true)).ok());
  for (int opened = 0; opened < 2; ++opened) {
    const auto items = items_of(*store);
    REQUIRE(items.size() == static_cast<std::size_t>(rows));
    for (const auto& [id, note] : items) {
      REQUIRE(note == (id == 1 ? "first" : std::to_string(id) + std::string(4000, 'x')));
    }
    store.reset();
    store = kind.open(scratch.path());
  }
}

TEST_CASE("store: values keep their kind") {
  const StoreKind kind = GENERATE(from_range(std::begin(kStoreKinds), std::end(kStoreKinds)));
  INFO(kind.name);
  const ScratchDirectory scratch;
  auto store = kind.open(scratch.path());
  const std::string with_zero("a\0b", 3);
  const auto done = store->run([&](Connection& connection) -> Result<void> {
    auto table = connection.execute("CREATE TABLE v (a, b, c, d)", {});
    if (!table) return table.error();
    // Null, an empty text (not null), a text with a zero byte, the smallest integer.
    auto row = connection.execute("INSERT INTO v VALUES (?, ?, ?, ?)",
                                  {{}, std::string_view{}, with_zero, std::numeric_limits<std::int64_t>::min()});
    if (!row) return row.error();
    CHECK(*row == 1);
    return connection.query("SELECT a, b, c, d FROM v", {}, [&](const Row& read) {
      CHECK(read.is_null(0));
      CHECK_FALSE(read.is_null(1));
      CHECK(read.text(1).empty());
      CHECK(read.text(2) == with_zero);
      CHECK(read.integer(3) == std::numeric_limits<std::int64_t>::min());
      return true;
    });
  });
  CHECK(done.ok());
}

}  // namespace
}  // namespace tidegate::platform
