#include "platform/store/group_commit.hpp"

#include <fmt/format.h>

#include <exception>

#include "base/log.hpp"
#include "platform/store/undone.hpp"

namespace tidegate::platform {
namespace {

thread_local std::uint64_t times_undone = 0;  // a store has one writer thread, and this is where it works

}  // namespace

std::uint64_t undone_by_this_writer() noexcept {
  return times_undone;
}

namespace sqlite {
namespace {

Result<void> run_statement(SqliteConnection& connection, std::string_view sql) {
  auto done = connection.execute(sql, {});
  if (!done) return done.error();
  return {};
}

Result<void> check_owner(SqliteConnection& connection, std::int64_t epoch) {
  std::int64_t current = 0;
  auto read = connection.query("SELECT epoch FROM store_owner", {}, [&](const Row& row) {
    current = row.integer(0);
    return false;
  });
  if (!read) return read;
  if (current == epoch) return {};
  return closed_error(fmt::format("the store has a new owner (epoch {}, this one had {})", current, epoch));
}

Result<void> begin(SqliteConnection& connection, std::int64_t epoch) {
  if (auto begun = run_statement(connection, "BEGIN IMMEDIATE"); !begun) return begun;
  return check_owner(connection, epoch);
}

Result<void> run_work(SqliteConnection& connection, const Work& work) {
  try {
    return work(connection);
  } catch (const std::exception& thrown) {
    return internal_error(fmt::format("a unit of work threw: {}", thrown.what()));
  }
}

/// An error here that leaves no transaction open means that the group is lost.
Result<void> run_unit(SqliteConnection& connection, const Work& work) {
  if (auto marked = run_statement(connection, "SAVEPOINT unit"); !marked) return marked;
  auto done = run_work(connection, work);
  if (done) done = run_statement(connection, "RELEASE unit");
  if (done || !connection.in_transaction()) return done;
  ++times_undone;
  auto back = run_statement(connection, "ROLLBACK TO unit");
  if (back) back = run_statement(connection, "RELEASE unit");
  // Without its savepoint undone, a failed unit must not be committed with the others.
  if (!back) {
    if (auto undone = run_statement(connection, "ROLLBACK"); !undone) {
      log::error("a transaction could not be rolled back", {{"cause", undone.error().message}});
    }
  }
  return done;
}

void roll_back(SqliteConnection& connection) {
  ++times_undone;
  if (!connection.in_transaction()) return;
  if (auto undone = run_statement(connection, "ROLLBACK"); !undone) {
    log::error("a transaction could not be rolled back", {{"cause", undone.error().message}});
  }
}

/// False at the first unit that fails; what was done is then still to be rolled back.
bool run_together(SqliteConnection& connection, const std::vector<Unit>& units, std::vector<Result<void>>& outcomes) {
  for (const Unit& unit : units) {
    outcomes.push_back(run_work(connection, unit.work));
    if (!outcomes.back()) return false;
  }
  return true;
}

/// Those that had succeeded did so in a transaction that is gone.
void fail_all(std::vector<Result<void>>& outcomes, std::size_t count, const Error& cause) {
  outcomes.resize(count);
  for (auto& outcome : outcomes) {
    if (outcome) outcome = cause;
  }
}

/// Each behind a savepoint; ends early when SQLite has ended the transaction.
void run_apart(SqliteConnection& connection, const std::vector<Unit>& units, std::vector<Result<void>>& outcomes) {
  for (const Unit& unit : units) {
    outcomes.push_back(run_unit(connection, unit.work));
    if (!connection.in_transaction()) return;
  }
}

}  // namespace

void commit_group(SqliteConnection& connection, std::int64_t epoch, std::vector<Unit>& units,
                  std::vector<Result<void>>& outcomes) {
  outcomes.clear();
  auto begun = begin(connection, epoch);
  if (begun && !run_together(connection, units, outcomes) && units.size() > 1) {
    roll_back(connection);
    outcomes.clear();
    begun = begin(connection, epoch);
    if (begun) run_apart(connection, units, outcomes);
  }
  if (!begun) {
    roll_back(connection);
    return fail_all(outcomes, units.size(), begun.error());
  }
  if (outcomes.size() < units.size() || !connection.in_transaction()) {
    ++times_undone;
    return fail_all(outcomes, units.size(), outcomes.back().error());
  }
  if (!outcomes.front() && units.size() == 1) return roll_back(connection);
  if (auto committed = run_statement(connection, "COMMIT"); !committed) {
    roll_back(connection);
    fail_all(outcomes, units.size(), committed.error());
  }
}

}  // namespace sqlite
}  // namespace tidegate::platform
