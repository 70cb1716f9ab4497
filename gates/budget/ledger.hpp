#pragma once
// The production error-budget ledger: one SQLite file, good and total events by SLO and time. Synthetic load is never
// debited: only what is told here counts.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"

namespace tidegate::gates {

/// Events of production, up to a moment since the entry before.
struct LedgerEntry {
  std::string slo;
  std::int64_t at = 0;  ///< seconds since the Unix epoch
  std::uint64_t good = 0, total = 0;
  std::string source;  ///< who counted
};

struct LedgerSlo {
  std::string name;
  double objective = 0.999;
};

/// Not thread-safe; another process may use the file at the same time.
class Ledger {
 public:
  /// Makes the file when it is not there. An error for a file that is no ledger, or of a newer version.
  static Result<Ledger> open(const std::string& path);
  Ledger(Ledger&&) noexcept;
  ~Ledger();

  /// An SLO keeps the objective that it was first recorded with. The same SLO, time and source twice is an error.
  Result<void> record(const LedgerSlo& slo, const LedgerEntry& entry);
  Result<std::vector<LedgerSlo>> slos() const;
  /// With from < at <= to.
  Result<std::vector<LedgerEntry>> entries(const std::string& slo, std::int64_t from, std::int64_t to) const;

 private:
  struct State;
  explicit Ledger(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

/// What the ledger says at a moment.
struct BudgetStatus {
  LedgerSlo slo;
  std::uint64_t month_bad = 0, month_total = 0;  ///< this calendar month (UTC) so far
  double month_elapsed = 0;                      ///< share of the month that is over
  double month_spent = 0;                        ///< share of the month's budget, at this month's rate of events
  std::uint64_t four_weeks_bad = 0, four_weeks_total = 0;
  double four_weeks_spent = 0;       ///< share of the budget of the last 28 days
  std::vector<std::string> freezes;  ///< rules that freeze releases; empty: released
  bool known = false;                ///< false: nothing was recorded in the last 28 days
};
/// The two rules: over 50 % of the month's budget spent before half of the month is over; the budget of the last four
/// weeks spent.
Result<BudgetStatus> budget_status(const Ledger& ledger, const LedgerSlo& slo, std::int64_t now);
std::string status_text(const BudgetStatus& status);

}  // namespace tidegate::gates
