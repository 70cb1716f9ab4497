#pragma once
// What the event log and the lag series say about the run as a whole, whatever gates there are.

#include <limits>
#include <string>
#include <vector>

#include "gates/evidence.hpp"
#include "record/verdict.hpp"

namespace tidegate::gates {

/// The harness could not do its work.
struct HarnessError {
  double at = 0;  ///< seconds on the run clock
  std::string reason;
  std::string probe;  ///< the probe that failed; empty: it touches every gate
};

/// A FAIL that no gate had to ask for.
struct Failure {
  double at = 0;
  bool independent = true;  ///< of any harness error: dead processes and lost records are never masked
  std::string reason;
};

struct RunFacts {
  std::vector<HarnessError> errors;
  std::vector<Failure> failures;
  bool interrupted = false;
  std::string aborted;  ///< why the run ended early; empty when it did not
  bool cut_short = false;
  std::string cut_short_reason;

  bool complete() const { return !interrupted && !cut_short && aborted.empty(); }
  /// When the first error that touches a gate on this probe happened; infinity when none did.
  double first_error(std::string_view probe) const;
};
RunFacts run_facts(const Evidence& evidence, const record::SeriesSet& series);

/// Highest and p99 age, and most records, of each group and topic over judged time.
std::vector<record::LagSummary> lag_summaries(const Evidence& evidence);

}  // namespace tidegate::gates
