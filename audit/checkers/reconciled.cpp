// The platform's record of its calls to the bank, held against the bank's statement, reference by reference.
#include <algorithm>

#include "audit/checker.hpp"

namespace tidegate::audit {
namespace {

const Charge* line_of(const ReferenceCase& one) {
  return one.charges.empty() ? nullptr : &one.charges.front();
}

void compare(const BankCall& call, const Charge& line, const Subject& subject, const Terms& terms, Finding& finding) {
  if (call.amount != line.amount || call.currency != line.currency) {
    finding.wrong("{reference}: the platform recorded " + std::to_string(call.amount) + " " +
                      currency_text(call.currency) + ", the bank " + std::to_string(line.amount) + " " +
                      currency_text(line.currency),
                  subject);
  } else if (call.status && (*call.status == ChargeStatus::declined) != (line.status == ChargeStatus::declined)) {
    // A charge that was voided later had been approved.
    finding.wrong("{reference}: the platform and the bank disagree on whether it was approved", subject);
  }
  if (call.at_ms == 0 || line.at_ms == 0) return;
  const auto apart = std::chrono::milliseconds(line.at_ms - call.at_ms);
  if (apart > terms.match_within)
    finding.wrong("{reference}: matched late, after " + std::to_string(apart.count() / 1000) + " s", subject);
}

void check_reference(const ReferenceCase& one, const Terms& terms, Finding& finding) {
  finding.checked();
  const Charge* line = line_of(one);
  Subject subject;
  if (line != nullptr) {
    subject.key = line->key;
    subject.reference = line->reference;
  }
  if (!one.calls.empty()) {
    subject.payment = one.calls.front().payment;
    subject.reference = one.calls.front().reference;
  }
  if (one.charges.size() > 1) finding.wrong("{reference} stands on the bank's statement more than once", subject);
  if (one.calls.size() > 1) finding.wrong("{reference} was recorded more than once by the platform", subject);
  if (one.calls.empty()) {
    finding.wrong("{reference} stands on the bank's statement, and the platform has no record of it", subject);
  } else if (line == nullptr) {
    if (one.calls.front().status == ChargeStatus::approved) {
      finding.wrong("{reference} is approved in the platform's record, and not on the bank's statement", subject);
    }
  } else {
    compare(one.calls.front(), *line, subject, terms, finding);
  }
}

}  // namespace

const Checker& reconciled() {
  static const Checker checker = {
      .name = "reconciled",
      .doc = "The platform's record of its calls to the bank agrees with the bank's statement, line by line.",
      .needs = {"attempts", "bank"},
      .reference = check_reference};
  return checker;
}

}  // namespace tidegate::audit
