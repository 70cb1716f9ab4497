// One payment for one key within its retention; the bank took its amount at most once; no capture twice.
#include <algorithm>
#include <vector>

#include "audit/checker.hpp"

namespace tidegate::audit {
namespace {

void check_payments(const KeyCase& one, const Terms& terms, Finding& finding) {
  if (!one.payments.empty()) finding.checked();
  std::uint64_t together = one.payments.empty() ? 0 : 1;
  for (std::size_t i = 1; i < one.payments.size(); ++i) {
    const auto apart = std::chrono::milliseconds(one.payments[i].created_ms - one.payments[i - 1].created_ms);
    if (apart < terms.retention) ++together;
  }
  if (together < 2) return;
  finding.wrong("key {key} made " + std::to_string(together) + " payments",
                {.key = one.key, .payment = one.payments.back().id});
}

void check_bank(const KeyCase& one, Finding& finding) {
  if (one.after.empty()) return;
  const Payment& payment = one.after.front();
  const std::int64_t allowed = payment.amount * static_cast<std::int64_t>(one.after.size());
  const std::int64_t most = money_of(one.charges).taken();
  if (most <= allowed) return;
  finding.wrong(
      "the bank took " + std::to_string(most) + " for key {key}, whose payment is of " + std::to_string(payment.amount),
      {.key = one.key, .payment = payment.id});
}

void check_captures(const KeyCase& one, Finding& finding) {
  std::vector<Identity> references;
  for (const Charge& charge : one.charges) {
    if (charge.kind == ChargeKind::capture && charge.status == ChargeStatus::approved) {
      references.push_back(charge.reference);
    }
  }
  std::ranges::sort(references);
  const auto twice = std::ranges::adjacent_find(references);
  if (twice == references.end()) return;
  finding.wrong("capture {reference} was applied twice", {.key = one.key, .reference = *twice});
}

void find_doubled_key(const KeyCase& one, const Terms& terms, Finding& finding) {
  check_payments(one, terms, finding);
  check_bank(one, finding);
  check_captures(one, finding);
}

}  // namespace

const Checker& no_double_charge() {
  static const Checker checker = {.name = "no_double_charge",
                                  .doc = "One payment for one key, and the bank took its amount at most once.",
                                  .needs = {"payments", "bank"},
                                  .key = find_doubled_key};
  return checker;
}

}  // namespace tidegate::audit
