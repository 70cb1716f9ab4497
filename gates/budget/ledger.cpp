#include "gates/budget/ledger.hpp"

#include <fmt/format.h>
#include <sqlite3.h>

#include <ctime>

#include "base/units.hpp"
#include "gates/bounds.hpp"

namespace tidegate::gates {
namespace {

constexpr int kApplication = 0x54474542;  // "TGEB"
constexpr int kVersion = 1;
constexpr int kBusyMilliseconds = 5000;
constexpr std::int64_t kFourWeeks = 28LL * 24 * 3600;

struct CloseDatabase {
  void operator()(sqlite3* database) const noexcept { sqlite3_close_v2(database); }
};
struct FinalizeStatement {
  void operator()(sqlite3_stmt* statement) const noexcept { sqlite3_finalize(statement); }
};
using Database = std::unique_ptr<sqlite3, CloseDatabase>;

/// One statement with its parameters; steps until it is done.
class Statement {
 public:
  Statement(sqlite3* database, const char* text) {
    sqlite3_stmt* made = nullptr;
    good_ = sqlite3_prepare_v2(database, text, -1, &made, nullptr) == SQLITE_OK;
    statement_.reset(made);
  }
  void bind(int at, const std::string& text) {
    good_ = good_ && sqlite3_bind_text(statement_.get(), at, text.data(), static_cast<int>(text.size()),
                                       SQLITE_TRANSIENT) == SQLITE_OK;
  }
  void bind(int at, std::int64_t number) {
    good_ = good_ && sqlite3_bind_int64(statement_.get(), at, number) == SQLITE_OK;
  }
  void bind(int at, double number) { good_ = good_ && sqlite3_bind_double(statement_.get(), at, number) == SQLITE_OK; }
  /// SQLITE_ROW, SQLITE_DONE, or an error.
  int step() { return good_ ? sqlite3_step(statement_.get()) : SQLITE_ERROR; }
  std::string text(int column) const {
    const auto* bytes = reinterpret_cast<const char*>(sqlite3_column_text(statement_.get(), column));
    return bytes != nullptr ? std::string(bytes) : std::string();
  }
  std::int64_t integer(int column) const { return sqlite3_column_int64(statement_.get(), column); }
  double real(int column) const { return sqlite3_column_double(statement_.get(), column); }

 private:
  std::unique_ptr<sqlite3_stmt, FinalizeStatement> statement_;
  bool good_ = false;
};

}  // namespace

struct Ledger::State {
  std::string path;
  Database database;

  Error failure() const { return machine_error(fmt::format("{}: {}", path, sqlite3_errmsg(database.get()))); }
  Result<void> run(const char* text) const {
    if (sqlite3_exec(database.get(), text, nullptr, nullptr, nullptr) != SQLITE_OK) return failure();
    return {};
  }
  std::int64_t pragma(const char* text) const {
    Statement statement(database.get(), text);
    return statement.step() == SQLITE_ROW ? statement.integer(0) : -1;
  }
};

Ledger::Ledger(std::unique_ptr<State> state) : state_(std::move(state)) {}
Ledger::Ledger(Ledger&&) noexcept = default;
Ledger::~Ledger() = default;

Result<Ledger> Ledger::open(const std::string& path) {
  auto state = std::make_unique<State>();
  state->path = path;
  sqlite3* opened = nullptr;
  const int code = sqlite3_open_v2(path.c_str(), &opened, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, nullptr);
  state->database.reset(opened);
  if (code != SQLITE_OK) return state->failure();
  sqlite3_busy_timeout(opened, kBusyMilliseconds);
  const std::int64_t application = state->pragma("PRAGMA application_id");
  const std::int64_t version = state->pragma("PRAGMA user_version");
  const std::int64_t tables = state->pragma("SELECT count(*) FROM sqlite_master");
  if (tables < 0) return usage_error(path + ": not a SQLite file");
  if (tables > 0 && application != kApplication) return usage_error(path + ": a SQLite file, but not a budget ledger");
  if (version > kVersion) {
    return usage_error(fmt::format("{}: written by a newer tidegate (version {}); use that version", path, version));
  }
  if (tables == 0) {
    const std::string make = fmt::format(
        "BEGIN IMMEDIATE;"
        "CREATE TABLE IF NOT EXISTS slo (name TEXT PRIMARY KEY, objective REAL NOT NULL) STRICT;"
        "CREATE TABLE IF NOT EXISTS entry (slo TEXT NOT NULL REFERENCES slo(name), at INTEGER NOT NULL, good INTEGER "
        "NOT NULL,"
        " total INTEGER NOT NULL, source TEXT NOT NULL, PRIMARY KEY (slo, at, source)) STRICT;"
        "PRAGMA application_id = {}; PRAGMA user_version = {}; COMMIT;",
        kApplication, kVersion);
    if (auto made = state->run(make.c_str()); !made) return made.error();
  }
  return Ledger(std::move(state));
}

Result<void> Ledger::record(const LedgerSlo& slo, const LedgerEntry& entry) {
  if (slo.objective <= 0 || slo.objective >= 1) return usage_error("an objective lies between 0% and 100%");
  if (entry.total == 0) return usage_error("an entry of no events says nothing; --total must be over 0");
  if (entry.good > entry.total) {
    return usage_error(fmt::format("{} good of {} events: more good ones than there were", entry.good, entry.total));
  }
  sqlite3* database = state_->database.get();
  Statement known(database, "SELECT objective FROM slo WHERE name = ?");
  known.bind(1, slo.name);
  const int found = known.step();
  if (found == SQLITE_ROW && std::abs(known.real(0) - slo.objective) > 1e-12) {
    return usage_error(fmt::format("{} is recorded with the objective {}, not {}", slo.name,
                                   format_share(known.real(0)), format_share(slo.objective)));
  }
  if (found == SQLITE_DONE) {
    Statement add(database, "INSERT OR IGNORE INTO slo (name, objective) VALUES (?, ?)");
    add.bind(1, slo.name);
    add.bind(2, slo.objective);
    if (add.step() != SQLITE_DONE) return state_->failure();
  } else if (found != SQLITE_ROW) {
    return state_->failure();
  }
  Statement add(database, "INSERT INTO entry (slo, at, good, total, source) VALUES (?, ?, ?, ?, ?)");
  add.bind(1, slo.name);
  add.bind(2, entry.at);
  add.bind(3, static_cast<std::int64_t>(entry.good));
  add.bind(4, static_cast<std::int64_t>(entry.total));
  add.bind(5, entry.source);
  const int code = add.step();
  if (code == SQLITE_CONSTRAINT) {
    return usage_error(fmt::format("{} has an entry of '{}' at this time already: counting it twice would spend twice",
                                   slo.name, entry.source));
  }
  if (code != SQLITE_DONE) return state_->failure();
  return {};
}

Result<std::vector<LedgerSlo>> Ledger::slos() const {
  std::vector<LedgerSlo> slos;
  Statement all(state_->database.get(), "SELECT name, objective FROM slo ORDER BY name");
  int code = all.step();
  for (; code == SQLITE_ROW; code = all.step()) slos.push_back({all.text(0), all.real(1)});
  if (code != SQLITE_DONE) return state_->failure();
  return slos;
}

Result<std::vector<LedgerEntry>> Ledger::entries(const std::string& slo, std::int64_t from, std::int64_t to) const {
  std::vector<LedgerEntry> entries;
  Statement some(state_->database.get(),
                 "SELECT at, good, total, source FROM entry WHERE slo = ? AND at > ? AND at <= ? ORDER BY at, source");
  some.bind(1, slo);
  some.bind(2, from);
  some.bind(3, to);
  int code = some.step();
  for (; code == SQLITE_ROW; code = some.step()) {
    entries.push_back({slo, some.integer(0), static_cast<std::uint64_t>(some.integer(1)),
                       static_cast<std::uint64_t>(some.integer(2)), some.text(3)});
  }
  if (code != SQLITE_DONE) return state_->failure();
  return entries;
}

namespace {

struct Month {
  std::int64_t begin = 0, end = 0;
};

Month month_of(std::int64_t now) {
  const auto time = static_cast<std::time_t>(now);
  std::tm parts{};
  gmtime_r(&time, &parts);
  std::tm first{};
  first.tm_year = parts.tm_year;
  first.tm_mon = parts.tm_mon;
  first.tm_mday = 1;
  Month month;
  month.begin = timegm(&first);
  first.tm_mon += 1;  // timegm carries into the year
  month.end = timegm(&first);
  return month;
}

std::string percent(double share) {
  return fmt::format("{:.4g} %", 100 * share);
}

double spent(std::uint64_t bad, std::uint64_t total, double objective) {
  return total == 0 ? 0 : static_cast<double>(bad) / (static_cast<double>(total) * (1 - objective));
}

}  // namespace

Result<BudgetStatus> budget_status(const Ledger& ledger, const LedgerSlo& slo, std::int64_t now) {
  const Month month = month_of(now);
  BudgetStatus status;
  status.slo = slo;
  status.month_elapsed = static_cast<double>(now - month.begin) / static_cast<double>(month.end - month.begin);
  auto entries = ledger.entries(slo.name, std::min(now - kFourWeeks, month.begin - 1), now);
  if (!entries) return entries.error();
  for (const LedgerEntry& entry : *entries) {
    if (entry.at >= month.begin) {
      status.month_bad += entry.total - entry.good;
      status.month_total += entry.total;
    }
    if (entry.at > now - kFourWeeks) {
      status.four_weeks_bad += entry.total - entry.good;
      status.four_weeks_total += entry.total;
    }
  }
  status.known = status.four_weeks_total > 0;
  // The month's budget is not known before its end: its events are taken to go on at the rate so far.
  status.month_spent = spent(status.month_bad, status.month_total, slo.objective) * status.month_elapsed;
  status.four_weeks_spent = spent(status.four_weeks_bad, status.four_weeks_total, slo.objective);
  if (status.month_elapsed < 0.5 && status.month_spent > 0.5) {
    status.freezes.push_back(
        fmt::format("{} of the month's budget is spent before half of the month is over", percent(status.month_spent)));
  }
  if (!within_share(status.four_weeks_bad, status.four_weeks_total, 1 - slo.objective)) {
    status.freezes.push_back(
        fmt::format("the budget of the last four weeks is overspent: {}", percent(status.four_weeks_spent)));
  }
  return status;
}

std::string status_text(const BudgetStatus& status) {
  std::string text = fmt::format("{} at {}\n", status.slo.name, format_share(status.slo.objective));
  if (!status.known) return text + "  unknown: nothing was recorded in the last four weeks\n";
  text += fmt::format("  this month      {} of its budget spent, {} of the month over ({} bad of {})\n",
                      percent(status.month_spent), percent(status.month_elapsed), format_count(status.month_bad),
                      format_count(status.month_total));
  text += fmt::format("  last four weeks {} of the budget spent ({} bad of {})\n", percent(status.four_weeks_spent),
                      format_count(status.four_weeks_bad), format_count(status.four_weeks_total));
  for (const std::string& freeze : status.freezes) text += "  releases are frozen: " + freeze + "\n";
  if (status.freezes.empty()) text += "  releases are open\n";
  return text;
}

}  // namespace tidegate::gates
