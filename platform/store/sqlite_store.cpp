// Store on SQLite. Callers queue units; the writer thread takes all that wait and commits them as one group, whose
// price hardly depends on how many there are. After a commit it rests as long as that took, within bounds that depend
// on who waits (Pace): a machine that is full gets the more units together, the longer each takes (5,000 payments/s on
// two cores: 426 and 415 us of CPU each over all roles, without the rest 502 and 451). Units of the background wait for
// their rest, unless a unit comes that somebody waits for: it takes them along. After a group with one such unit at
// most, the next one begins at once, so that a chain of them waits for nobody:
//
//   submit ->  queue  -> [ take all | transaction | tell each ] -> rest -> [ take all | ...
//
// Measured on two cores, synchronous=FULL: batches of 2 at 4,800 payments/s, of 50 beyond 20,000/s. A checkpoint every
// 1,000 pages, inline, keeps the log short; larger ones stall acknowledgements, and passive ones from a second
// connection never reset the log under constant writes.

#include <fmt/format.h>
#include <pthread.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <future>
#include <mutex>
#include <thread>

#include "base/assert.hpp"
#include "base/file.hpp"
#include "base/log.hpp"
#include "platform/store/group_commit.hpp"
#include "platform/store/lock_file.hpp"
#include "platform/store/migrate.hpp"

namespace tidegate::platform {
namespace {

using sqlite::SqliteConnection;
using sqlite::Unit;

constexpr std::size_t kLargestGroup = 1024;  // bounds how long the first of a group waits for the last

// Of the commits of units that are ...
struct Pace {
  Nanoseconds spacing;       // from the begin of one to the begin of the next, at least
  Nanoseconds longest_rest;  // from its end
};
constexpr Pace kAwaited{std::chrono::milliseconds(4), std::chrono::milliseconds(4)};
constexpr Pace kBackground{std::chrono::milliseconds(20), std::chrono::milliseconds(12)};

// Pages of the cache: where inserts are not in order, splitting tree pages takes the page number of SQLite's lock byte
// for a moment, and the commit then walks through every slot of the cache for pages beyond the file's end. With 32 MiB
// that was 5 to 16 % of a writer's CPU; with 8 the gateway's costs 3 % less in all, and nobody misses the pages: what
// is read again was written a moment ago, and idempotency keys are anywhere.
constexpr const char* kWriterSettings =
    "PRAGMA journal_mode = WAL;"
    "PRAGMA synchronous = FULL;"
    "PRAGMA wal_autocheckpoint = 1000;"
    "PRAGMA cache_size = -8192;"  // KiB
    "PRAGMA temp_store = MEMORY;";

bool is_awaited(const Unit& unit) {
  return unit.urgency == Urgency::awaited;
}

class SqliteStore final : public Store {
 public:
  SqliteStore(std::string path, std::string id, LockFile lock, std::unique_ptr<SqliteConnection> writer,
              std::int64_t epoch)
      : path_(std::move(path)),
        id_(std::move(id)),
        lock_(std::move(lock)),
        writer_(std::move(writer)),
        epoch_(epoch),
        thread_([this] { write_until_stopped(); }) {}
  ~SqliteStore() override { stop(); }

  void submit(Work work, Committed committed, Urgency urgency) override;
  using Store::submit;
  Result<void> run(Work work) override;
  Result<std::unique_ptr<Connection>> reader() override;
  const std::string& id() const override { return id_; }
  std::size_t queue_depth() const override { return depth_.load(std::memory_order_relaxed); }
  void stop() override;

 private:
  void write_until_stopped();
  bool take_group(std::vector<Unit>& group);
  void write_group(std::vector<Unit>& group, std::vector<Result<void>>& outcomes);

  const std::string path_, id_;
  LockFile lock_;
  std::unique_ptr<SqliteConnection> writer_;  // the writer thread's alone
  const std::int64_t epoch_;

  std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<Unit> queue_;
  bool awaited_ = false;  // somebody waits for one of them
  bool stopping_ = false;
  enum class Sleep { no, until_awaited, until_any } sleep_ = Sleep::no;       // what has to wake the writer
  std::chrono::steady_clock::time_point next_awaited_{}, next_background_{};  // not before, unless it is to stop
  std::atomic<std::size_t> depth_{0};
  std::mutex stop_mutex_;
  std::thread thread_;
};

void SqliteStore::submit(Work work, Committed committed, Urgency urgency) {
  std::unique_lock lock(mutex_);
  if (stopping_) {
    lock.unlock();
    return committed(closed_error(fmt::format("store {} is closed", id_)));
  }
  queue_.push_back({std::move(work), std::move(committed), urgency});
  depth_.fetch_add(1, std::memory_order_relaxed);
  awaited_ = awaited_ || urgency == Urgency::awaited;
  const bool wake = sleep_ == Sleep::until_any || (sleep_ == Sleep::until_awaited && awaited_);
  if (wake) sleep_ = Sleep::no;
  lock.unlock();
  if (wake) wake_.notify_one();
}

Result<void> SqliteStore::run(Work work) {
  TIDEGATE_ASSERT(std::this_thread::get_id() != thread_.get_id());  // it would wait for itself
  std::promise<Result<void>> promise;
  auto done = promise.get_future();
  submit(std::move(work), [&promise](Result<void> outcome) { promise.set_value(std::move(outcome)); });
  return done.get();
}

Result<std::unique_ptr<Connection>> SqliteStore::reader() {
  auto database = sqlite::open_database(path_, sqlite::Access::read_only);
  if (!database) return database.error();
  return std::unique_ptr<Connection>(std::make_unique<SqliteConnection>(std::move(*database)));
}

bool SqliteStore::take_group(std::vector<Unit>& group) {
  std::unique_lock lock(mutex_);
  wake_.wait_until(lock, next_awaited_, [this] { return stopping_; });
  sleep_ = Sleep::until_awaited;
  wake_.wait_until(lock, next_background_, [this] { return stopping_ || awaited_; });
  sleep_ = Sleep::until_any;
  wake_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
  sleep_ = Sleep::no;
  if (queue_.size() <= kLargestGroup) {
    group.swap(queue_);
    awaited_ = false;
  } else {
    const auto end = queue_.begin() + static_cast<std::ptrdiff_t>(kLargestGroup);
    group.assign(std::make_move_iterator(queue_.begin()), std::make_move_iterator(end));
    queue_.erase(queue_.begin(), end);
    awaited_ = std::ranges::any_of(queue_, is_awaited);
  }
  return !group.empty();
}

void SqliteStore::write_group(std::vector<Unit>& group, std::vector<Result<void>>& outcomes) {
  sqlite::commit_group(*writer_, epoch_, group, outcomes);
  depth_.fetch_sub(group.size(), std::memory_order_relaxed);
  for (std::size_t i = 0; i < group.size(); ++i) {
    if (group[i].committed) group[i].committed(std::move(outcomes[i]));
  }
}

void SqliteStore::write_until_stopped() {
  ::pthread_setname_np(::pthread_self(), "store-writer");
  std::vector<Unit> group;
  std::vector<Result<void>> outcomes;
  while (take_group(group)) {
    const auto begin = std::chrono::steady_clock::now();
    write_group(group, outcomes);
    const auto end = std::chrono::steady_clock::now();
    const auto next = [&](Pace pace) {
      return std::max(begin + pace.spacing, end + std::min<Nanoseconds>(end - begin, pace.longest_rest));
    };
    if (std::ranges::count_if(group, is_awaited) > 1) next_awaited_ = next(kAwaited);
    next_background_ = next(kBackground);
    group.clear();
  }
  writer_.reset();  // the last connection's closing checkpoints the log
}

void SqliteStore::stop() {
  TIDEGATE_ASSERT(std::this_thread::get_id() != thread_.get_id());
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  const std::lock_guard lock(stop_mutex_);
  if (thread_.joinable()) thread_.join();
}

}  // namespace

Result<std::unique_ptr<Store>> open_sqlite_store(const std::string& directory, const std::string& name,
                                                 std::span<const Migration> migrations) {
  if (auto made = make_directories(directory); !made) return made.error();
  auto lock = LockFile::acquire(directory + "/" + name + ".lock");
  if (!lock) return lock.error();
  const std::string path = directory + "/" + name + ".db";
  auto database = sqlite::open_database(path, sqlite::Access::read_write);
  if (!database) return database.error();
  auto connection = std::make_unique<SqliteConnection>(std::move(*database));
  if (auto set = connection->script(kWriterSettings); !set) return set.error();
  if (auto migrated = sqlite::migrate(*connection, migrations); !migrated) {
    return Error{migrated.error().kind, fmt::format("open {}: {}", path, migrated.error().message)};
  }
  auto epoch = sqlite::take_epoch(*connection);
  if (!epoch) return epoch.error();
  return std::unique_ptr<Store>(
      std::make_unique<SqliteStore>(path, name, std::move(*lock), std::move(connection), *epoch));
}

}  // namespace tidegate::platform
