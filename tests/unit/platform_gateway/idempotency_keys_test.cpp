// The late index of idempotency keys: a key means the same in memory, half merged, merged, and after a restart.

#include "platform/gateway/idempotency_keys.hpp"

#include <memory>
#include <string>

#include "platform/gateway/schema.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/platform_gateway/scratch.hpp"

namespace tidegate::platform {
namespace {

using test::ScratchDirectory;

constexpr std::int64_t kMerchant = 7;
constexpr std::size_t kGeneration = 1200;  // more than a step merges

/// A store with its keys; open() again is a restart.
class KeyedStore {
 public:
  KeyedStore() { open(); }
  ~KeyedStore() { store_->stop(); }

  void open() {
    if (store_) store_->stop();
    store_.reset();
    auto store = open_sqlite_store(scratch_ / "data", "gateway-0", gateway_migrations());
    REQUIRE(store.ok());
    store_ = std::move(*store);
    keys_ = std::make_unique<IdempotencyKeys>(kGeneration);
    auto reader = store_->reader();
    REQUIRE(reader.ok());
    reader_ = std::move(*reader);
    REQUIRE(keys_->load(*reader_).ok());
  }

  void write(int first, int count, std::int64_t at_ms) {
    const auto written = store_->run([&](Connection& connection) -> Result<void> {
      for (int i = first; i < first + count; ++i) {
        const std::string key = key_of(i);
        if (auto done = keys_->write(connection, name(key), {i * 10, i + 1, "", at_ms}); !done) return done;
      }
      return {};
    });
    REQUIRE(written.ok());
  }

  /// A round of upkeep, as the sweeper does it.
  void tidy(std::int64_t oldest_ms = 0) {
    store_->submit([&, oldest_ms](Connection& connection) { return keys_->tidy(connection, oldest_ms); },
                   [&](Result<void> done) {
                     if (done) keys_->tidied();
                   });
    REQUIRE(store_->run([](Connection&) -> Result<void> { return {}; }).ok());
  }

  std::optional<IdempotencyKey> find(const std::string& key, std::int64_t oldest_ms = 0,
                                     KeyedRoute route = KeyedRoute::create_payment, std::int64_t merchant = kMerchant) {
    auto found = keys_->find(*reader_, {merchant, route, key}, oldest_ms);
    REQUIRE(found.ok());
    return *found;
  }

  void all_are_known(int count) {
    for (int i = 0; i < count; ++i) {
      INFO(i);
      const auto found = find(key_of(i));
      REQUIRE(found.has_value());
      CHECK(found->subject == i + 1);
      CHECK(found->fingerprint == i * 10);
    }
    CHECK_FALSE(find(key_of(count)).has_value());
  }

  std::int64_t count(const std::string& table) {
    std::int64_t rows = 0;
    REQUIRE(reader_
                ->query("SELECT count(*) FROM " + table, {},
                        [&](const Row& row) {
                          rows = row.integer(0);
                          return false;
                        })
                .ok());
    return rows;
  }

  static std::string key_of(int i) { return "key-" + std::to_string(i * 7919 % 100'003); }
  static KeyName name(const std::string& key) { return {kMerchant, KeyedRoute::create_payment, key}; }
  Store& store() { return *store_; }
  IdempotencyKeys& keys() { return *keys_; }

 private:
  const ScratchDirectory scratch_;
  std::unique_ptr<Store> store_;
  std::unique_ptr<Connection> reader_;
  std::unique_ptr<IdempotencyKeys> keys_;
};

TEST_CASE("late index: a key means the same young, half merged, merged, and after a restart at each") {
  KeyedStore stored;
  stored.write(0, static_cast<int>(kGeneration) - 1, 5);
  stored.tidy();
  CHECK(stored.count("idempotency_index") == 0);  // no generation yet
  stored.all_are_known(kGeneration - 1);
  stored.open();
  stored.all_are_known(kGeneration - 1);

  stored.write(kGeneration - 1, 1, 5);
  stored.tidy();
  CHECK(stored.count("idempotency_index") == 500);
  stored.write(kGeneration, 100, 5);  // beside the generation that is being merged
  stored.all_are_known(kGeneration + 100);
  stored.open();  // the generation is read and merged again, from its beginning
  CHECK(stored.keys().young() == kGeneration + 100);
  stored.all_are_known(kGeneration + 100);

  for (int i = 0; i < 3; ++i) stored.tidy();
  CHECK(stored.count("idempotency_index") == kGeneration + 100);
  CHECK(stored.keys().young() == 0);
  stored.all_are_known(kGeneration + 100);
  stored.write(kGeneration + 100, 50, 5);
  stored.open();
  CHECK(stored.keys().young() == 50);
  stored.all_are_known(kGeneration + 150);
}

TEST_CASE("late index: a key's scope is its merchant and its route") {
  KeyedStore stored;
  stored.write(0, 1, 5);
  const std::string key = KeyedStore::key_of(0);
  CHECK(stored.find(key).has_value());
  CHECK_FALSE(stored.find(key, 0, KeyedRoute::authorize_only).has_value());
  CHECK_FALSE(stored.find(key, 0, KeyedRoute::create_payment, kMerchant + 1).has_value());
  CHECK_FALSE(stored.find(key + "0").has_value());
}

TEST_CASE("late index: what was undone means nothing, also where it is remembered or merged") {
  KeyedStore stored;
  const auto failed = stored.store().run([&](Connection& connection) -> Result<void> {
    for (int i = 0; i < static_cast<int>(kGeneration); ++i) {
      const std::string key = KeyedStore::key_of(i);
      if (auto done = stored.keys().write(connection, KeyedStore::name(key), {1, 99, "", 5}); !done) return done;
    }
    return internal_error("undone");
  });
  REQUIRE_FALSE(failed.ok());
  CHECK_FALSE(stored.find(KeyedStore::key_of(0)).has_value());
  stored.write(0, 10, 5);  // takes new numbers: what is remembered of the first attempt is nobody's
  stored.all_are_known(10);
  while (stored.keys().young() > 0) stored.tidy();
  stored.all_are_known(10);
  stored.open();
  stored.all_are_known(10);
}

TEST_CASE("late index: an entry that names another key's result means nothing") {
  KeyedStore stored;
  stored.write(0, static_cast<int>(kGeneration), 5);
  while (stored.keys().young() > 0) stored.tidy();
  // As if all keys had one hash: every entry names every result's neighbour as well.
  REQUIRE(stored.store()
              .run([](Connection& connection) -> Result<void> {
                auto done = connection.execute(
                    "INSERT OR IGNORE INTO idempotency_index SELECT hash, number % 1200 + 1 "
                    "FROM idempotency_index");
                if (!done) return done.error();
                return {};
              })
              .ok());
  stored.all_are_known(kGeneration);
}

TEST_CASE("late index: lapsed keys are forgotten, their entries follow, and the key can be used again") {
  KeyedStore stored;
  stored.write(0, 1000, 5);
  stored.write(1000, 1000, 50);
  while (stored.keys().young() > 0) stored.tidy();
  REQUIRE(stored.count("idempotency_index") == 2000);
  CHECK(stored.find(KeyedStore::key_of(3), 5).has_value());
  CHECK_FALSE(stored.find(KeyedStore::key_of(3), 6).has_value());  // lapsed, still stored
  for (int i = 0; i < 10; ++i) stored.tidy(6);
  CHECK(stored.count("idempotency_result") == 1000);
  CHECK(stored.count("idempotency_index") == 1000);
  CHECK_FALSE(stored.find(KeyedStore::key_of(3)).has_value());
  CHECK(stored.find(KeyedStore::key_of(1003), 6).has_value());

  stored.write(3, 1, 60);
  CHECK(stored.find(KeyedStore::key_of(3), 6)->at_ms == 60);
  for (int i = 0; i < 10; ++i) stored.tidy(100);
  CHECK(stored.count("idempotency_result") == 0);
  CHECK(stored.count("idempotency_index") == 0);
  stored.open();  // all numbers are gone; new ones do not meet what was indexed
  stored.write(0, 10, 200);
  stored.open();
  stored.all_are_known(10);
}

TEST_CASE("late index: keys from before it are taken over") {
  const ScratchDirectory scratch;
  {
    std::vector<Migration> old;
    for (const Migration& migration : gateway_migrations()) {
      if (migration.number < 23) old.push_back(migration);
    }
    auto store = open_sqlite_store(scratch / "data", "gateway-0", old);
    REQUIRE(store.ok());
    const auto written = (*store)->run([](Connection& connection) -> Result<void> {
      for (const char* sql : {"INSERT INTO idempotency_key VALUES (7, 1, 'paid', 42, 1048576, NULL, 6)",
                              "INSERT INTO idempotency_key VALUES (7, 3, 'refused', 43, NULL, 'card-unknown', 5)"}) {
        if (auto done = connection.execute(sql); !done) return done.error();
      }
      return {};
    });
    REQUIRE(written.ok());
    (*store)->stop();
  }
  auto store = open_sqlite_store(scratch / "data", "gateway-0", gateway_migrations());
  REQUIRE(store.ok());
  auto reader = (*store)->reader();
  REQUIRE(reader.ok());
  IdempotencyKeys keys;
  REQUIRE(keys.load(**reader).ok());
  const auto paid = keys.find(**reader, {7, KeyedRoute::create_payment, "paid"}, 0);
  REQUIRE((paid.ok() && paid->has_value()));
  CHECK((*paid)->fingerprint == 42);
  CHECK((*paid)->subject == 1048576);
  CHECK((*paid)->at_ms == 6);
  const auto refused = keys.find(**reader, {7, KeyedRoute::capture_payment, "refused"}, 0);
  REQUIRE((refused.ok() && refused->has_value()));
  CHECK((*refused)->subject == 0);
  CHECK((*refused)->refusal == "card-unknown");
  (*store)->stop();
}

}  // namespace
}  // namespace tidegate::platform
