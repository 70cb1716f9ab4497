// After the drain every outcome is known.
#include "audit/checker.hpp"

namespace tidegate::audit {
namespace {

void find_unresolved_history(const KeyCase& one, const KeyHistory& history, Finding& finding) {
  finding.checked();
  if (history.fate != Fate::unknown) return;
  finding.wrong("the outcome of key {key} was never resolved", {.key = one.key});
}

void find_unresolved_key(const KeyCase& one, const Terms& /*terms*/, Finding& finding) {
  if (one.history != nullptr) find_unresolved_history(one, *one.history, finding);
  for (const KeyHistory& other : one.others) find_unresolved_history(one, other, finding);
}

}  // namespace

const Checker& unknown_resolved() {
  static const Checker checker = {.name = "unknown_resolved",
                                  .doc = "No outcome is unknown after the drain.",
                                  .whole_history = true,
                                  .key = find_unresolved_key};
  return checker;
}

}  // namespace tidegate::audit
