#pragma once
// Which of a run's findings decides: a FAIL established before or independently of a harness error; ERROR; any other
// FAIL; INCONCLUSIVE; WARN; PASS.

#include <string>
#include <vector>

#include "record/verdict.hpp"

namespace tidegate::gates {

struct Finding {
  record::Outcome outcome = record::Outcome::pass;
  bool firm = false;  ///< of a FAIL: established before, or independently of, every harness error
  std::string reason;
};

struct Decision {
  record::Outcome outcome = record::Outcome::pass;
  std::vector<std::string> reasons;  ///< of what is not a PASS, the decisive ones first
};
/// Findings that were not asked do not count; none at all is a PASS.
Decision decide(const std::vector<Finding>& findings);

/// The exit code of an outcome; `strict` makes a WARN count as a FAIL.
int exit_code_of(record::Outcome outcome, bool strict = false);

}  // namespace tidegate::gates
