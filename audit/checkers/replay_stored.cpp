// A key has one answer: whoever asks again gets it, and whoever asks for something else under it is refused.
#include "audit/checker.hpp"

namespace tidegate::audit {
namespace {

void find_other_answer_history(const KeyCase& one, const KeyHistory& history, Finding& finding) {
  if (history.acknowledged == 0) return;
  finding.checked();
  if (history.ids_differ) {
    finding.wrong("key {key} was answered with two different ids", {.key = one.key, .payment = history.id});
  }
  if (history.bodies_differ) {
    finding.wrong("key {key} was acknowledged again for another body", {.key = one.key, .payment = history.id});
  }
  if (history.contradicted) {
    finding.wrong("key {key} was acknowledged and also refused for good, with the same body",
                  {.key = one.key, .payment = history.id});
  }
}

void find_other_answer_key(const KeyCase& one, const Terms& /*terms*/, Finding& finding) {
  if (one.history != nullptr) find_other_answer_history(one, *one.history, finding);
  for (const KeyHistory& other : one.others) find_other_answer_history(one, other, finding);
}

}  // namespace

const Checker& replay_stored() {
  static const Checker checker = {.name = "replay_stored",
                                  .doc = "A key has one answer; another body under it is refused.",
                                  .key = find_other_answer_key};
  return checker;
}

}  // namespace tidegate::audit
