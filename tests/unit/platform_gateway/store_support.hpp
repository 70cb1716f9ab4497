#pragma once
// What the store's tests share: one small table, a gate that holds the writer, and a collector of outcomes.

#include <condition_variable>
#include <future>
#include <map>
#include <mutex>
#include <string>

#include "platform/store/store.hpp"
#include "tests/support/catch.hpp"

namespace tidegate::platform::test {

inline constexpr Migration kItems[] = {{1, "CREATE TABLE item (id INTEGER PRIMARY KEY, note TEXT NOT NULL);"}};

inline std::unique_ptr<Store> open_items(const std::string& directory) {
  auto store = open_sqlite_store(directory, "items", kItems);
  INFO((store ? std::string() : store.error().message));
  REQUIRE(store.ok());
  return std::move(*store);
}

/// Whoever implements Store stands here, and the contract suite runs on it.
struct StoreKind {
  const char* name;
  std::unique_ptr<Store> (*open)(const std::string& directory);  ///< with kItems
};
inline constexpr StoreKind kStoreKinds[] = {{"sqlite", open_items}};

inline Work insert_item(std::int64_t id, std::string note = "note") {
  return [id, note = std::move(note)](Connection& connection) -> Result<void> {
    auto done = connection.execute("INSERT INTO item VALUES (?, ?)", {id, note});
    if (!done) return done.error();
    return {};
  };
}

/// id to note, as a new reader sees it.
inline std::map<std::int64_t, std::string> items_of(Store& store) {
  auto reader = store.reader();
  REQUIRE(reader.ok());
  std::map<std::int64_t, std::string> items;
  auto read = (*reader)->query("SELECT id, note FROM item", {}, [&](const Row& row) {
    items.emplace(row.integer(0), row.text(1));
    return true;
  });
  REQUIRE(read.ok());
  return items;
}

/// Holds the writer inside a unit, so that what is submitted meanwhile becomes one group.
class HeldWriter {
 public:
  explicit HeldWriter(Store& store) {
    store.submit(
        [this](Connection&) -> Result<void> {
          entered_.set_value();
          released_.get_future().wait();
          return {};
        },
        [](const Result<void>&) {});
    entered_.get_future().wait();
  }
  ~HeldWriter() { release(); }
  void release() {
    if (!std::exchange(done_, true)) released_.set_value();
  }

 private:
  std::promise<void> entered_, released_;
  bool done_ = false;
};

/// Outcomes by number, waited for with a deadline.
class Outcomes {
 public:
  Committed expect(int number) {
    return [this, number](Result<void> outcome) {
      const std::lock_guard lock(mutex_);
      outcomes_.insert_or_assign(number, std::move(outcome));
      order_.push_back(number);
      arrived_.notify_all();
    };
  }
  std::map<int, Result<void>> wait_for(std::size_t count) {
    std::unique_lock lock(mutex_);
    const bool all = arrived_.wait_for(lock, std::chrono::seconds(20), [&] { return outcomes_.size() >= count; });
    REQUIRE(all);
    return outcomes_;
  }
  std::vector<int> order() {
    const std::lock_guard lock(mutex_);
    return order_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::map<int, Result<void>> outcomes_;
  std::vector<int> order_;
};

}  // namespace tidegate::platform::test
