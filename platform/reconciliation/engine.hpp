#pragma once
// Goal: match our records with the providers' statement exactly, at 20,000,000 rows within a minute and 1.5 GB, and go
// on after a kill -9 where it was.
// Method: an external hash join in four stages.
//
//   ingest   both CSV files -> 64 pairs of bucket files by the hash of the reference; checkpointed by input offset
//   match    bucket by bucket in memory -> what did not match, and the exact sums; a finished bucket is a checkpoint
//   settle   the sums of all buckets -> what each merchant gets
//   report   a ZIP of CSV files
//
// Measured on two shared cores: 20,000,000 rows in 46 s and 105 MiB (`bin/reconcile-bench DIRECTORY 20000000`).
// Source: the PayNest case study (four stages; 18 h before, 42 minutes after).

#include <atomic>
#include <climits>
#include <cstdint>
#include <functional>
#include <string>

#include "base/json.hpp"
#include "platform/reconciliation/matcher.hpp"

namespace tidegate::platform {

struct ReconciliationSummary {
  Tally tally;
  std::int64_t malformed_ours = 0, malformed_statement = 0;  ///< lines that were no rows; listed in the report

  json::object to_json() const;
};

class ReconciliationRun {
 public:
  struct Manner {
    AddUp add_up = add_exactly;  ///< merchants' totals
    int dies_after = INT_MAX;    ///< buckets; what was matched is lost then
  };
  /// Works in DIRECTORY, which has ours.csv and statement.csv; everything else in it is the run's own.
  explicit ReconciliationRun(std::string directory) : directory_(std::move(directory)) {}
  ReconciliationRun(std::string directory, Manner manner) : directory_(std::move(directory)), manner_(manner) {}

  /// Goes on from where an earlier call, or a killed process, had come. Leaves DIRECTORY/report.zip. Checks `stopping`
  /// between pieces of work; an error of kind closed then.
  Result<ReconciliationSummary> run(const std::atomic<bool>& stopping);
  /// Told of each stage and piece: "ingest", "match", "settle", "report" with done and of.
  using Progress = std::function<void(std::string_view stage, std::int64_t done, std::int64_t of)>;
  void on_progress(Progress progress) { progress_ = std::move(progress); }

 private:
  Result<void> ingest_side(Side side, const std::atomic<bool>& stopping);
  Result<void> match(const std::atomic<bool>& stopping);
  Result<void> match_one(int bucket);
  Result<ReconciliationSummary> settle();
  Result<void> report(const ReconciliationSummary& summary);
  void tell(std::string_view stage, std::int64_t done, std::int64_t of) const;
  std::string path(const std::string& name) const { return directory_ + "/" + name; }

  const std::string directory_;
  const Manner manner_;
  Progress progress_;
};

}  // namespace tidegate::platform
