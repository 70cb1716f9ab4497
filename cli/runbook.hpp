#pragma once
// A drill's runbook: Markdown whose second-level headings are steps. A step says in a comment under its heading when it
// is due, and prints then:
//
//   ## Confirm that the bank is slow
//   <!-- when: bank_slow injected -->

#include <string>
#include <vector>

#include "base/diagnostics.hpp"

namespace tidegate::cli {

struct RunbookStep {
  std::string title, text;
  std::string fault;   ///< empty: due at the start
  std::string moment;  ///< "injected" or "healed"
};

/// Every mistake with its place: a marker that is none, a fault that the drill does not have, no step at all.
std::vector<RunbookStep> parse_runbook(const std::string& text, const std::string& file,
                                       const std::vector<std::string>& faults, Diagnostics& diagnostics);

}  // namespace tidegate::cli
