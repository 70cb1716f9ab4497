#pragma once
// The durable store of one service: a database with one writer thread and group commit. On SQLite: WAL,
// synchronous=FULL, wal_autocheckpoint near 1,000 pages, inline checkpoints (measured: store/sqlite_store.cpp).

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"

namespace tidegate::platform {

class Row;

/// One connection. Statements are prepared once and cached by their text. Not thread-safe.
class Connection {
 public:
  virtual ~Connection() = default;
  struct Value {
    enum class Kind { null, integer, text } kind = Kind::null;
    std::int64_t integer = 0;
    std::string_view text;
    Value() = default;
    Value(std::int64_t v) : kind(Kind::integer), integer(v) {}  // NOLINT(google-explicit-constructor)
    Value(int v) : kind(Kind::integer), integer(v) {}           // NOLINT(google-explicit-constructor)
    Value(std::string_view v) : kind(Kind::text), text(v) {}    // NOLINT(google-explicit-constructor)
    Value(const std::string& v) : kind(Kind::text), text(v) {}  // NOLINT(google-explicit-constructor)
    Value(const char* v) : kind(Kind::text), text(v) {}         // NOLINT(google-explicit-constructor)
  };
  /// Runs a statement; returns the number of rows changed.
  virtual Result<std::int64_t> execute(std::string_view sql, std::span<const Value> parameters) = 0;
  Result<std::int64_t> execute(std::string_view sql, std::initializer_list<Value> parameters = {}) {
    return execute(sql, std::span(parameters.begin(), parameters.size()));
  }
  /// The number of the row that was inserted last, into a table that numbers its rows.
  virtual std::int64_t last_row() const = 0;
  /// Calls `visit` per row until it returns false.
  virtual Result<void> query(std::string_view sql, std::initializer_list<Value> parameters,
                             const std::function<bool(const Row&)>& visit) = 0;
};

class Row {
 public:
  virtual ~Row() = default;
  virtual std::int64_t integer(int column) const = 0;
  virtual std::string_view text(int column) const = 0;  ///< valid until the next row
  virtual bool is_null(int column) const = 0;
};

/// One unit of work in the current transaction; an error rolls back it alone. May run twice, the first time undone.
using Work = std::function<Result<void>(Connection&)>;
/// Called after the commit of the transaction that held the unit, on the writer thread: ok, or why it failed. Nothing
/// may be acknowledged before it.
using Committed = std::function<void(Result<void>)>;

/// Who waits for a unit's commit.
enum class Urgency {
  awaited,     ///< a client, or a caller: it begins a few milliseconds after the commit before, or at once
  background,  ///< nobody: some 20 ms after the commit before, with what else comes until then
};

class Store {
 public:
  virtual ~Store() = default;
  /// Queues a unit of work for the writer thread. Units that wait together share one commit (group commit), in the
  /// order in which they came, whatever their urgency.
  virtual void submit(Work work, Committed committed, Urgency urgency) = 0;
  void submit(Work work, Committed committed) { submit(std::move(work), std::move(committed), Urgency::awaited); }
  /// Submits and waits.
  virtual Result<void> run(Work work) = 0;
  /// A read-only connection of its own, for one thread.
  virtual Result<std::unique_ptr<Connection>> reader() = 0;
  /// This database's id: stable for its life, made at creation ("gateway-0").
  virtual const std::string& id() const = 0;
  /// Units waiting for the writer: the write queue's depth.
  virtual std::size_t queue_depth() const = 0;
  /// Refuses new units, commits the queued ones, closes.
  virtual void stop() = 0;
};

struct Migration {
  int number;
  std::string_view sql;
};

/// Opens (creates, migrates) DIRECTORY/NAME.db under a lock file: a second owner is refused by name.
Result<std::unique_ptr<Store>> open_sqlite_store(const std::string& directory, const std::string& name,
                                                 std::span<const Migration> migrations);

}  // namespace tidegate::platform
