#pragma once
// Totals of a run as summaries print them: per step, and of the whole.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/histogram.hpp"
#include "record/run.hpp"

namespace tidegate::reports {

struct StepTotals {
  std::string name;
  Histogram response;  ///< microseconds from the intended start, of judged time
  std::uint64_t failed = 0;
  std::map<std::string, std::uint64_t> statuses;  ///< judged requests by HTTP status; empty text: no answer
};

struct RunTotals {
  std::vector<StepTotals> steps;  ///< in the order of the flows, then by name
  double judged_seconds = 1;
  // Of all time.
  std::uint64_t iterations = 0, interrupted = 0, failed_iterations = 0, dropped_iterations = 0;
  double most_users = 0;
  double bytes_sent = 0, bytes_received = 0;
  std::map<std::string, std::uint64_t> errors;  ///< by class
};

/// Errors: series that are missing or of a newer version.
Result<RunTotals> read_totals(const record::RunDirectory& directory, const record::RunInfo& info);

}  // namespace tidegate::reports
