// What was acknowledged is there: in the platform with its id and its amount, at the bank once it is authorized, in the
// ledger once it is captured.
#include <algorithm>

#include "audit/checker.hpp"

namespace tidegate::audit {
namespace {

const Payment* acknowledged_payment(const KeyCase& one) {
  if (one.history->id.empty()) return one.payments.empty() ? nullptr : &one.payments.front();
  const auto found = std::ranges::find(one.payments, one.history->id, &Payment::id);
  return found == one.payments.end() ? nullptr : &*found;
}

void check_acknowledged(const KeyCase& one, Finding& finding) {
  finding.checked();
  const Payment* payment = acknowledged_payment(one);
  if (payment == nullptr) {
    finding.wrong(one.history->id.empty()
                      ? "key {key} was acknowledged, but the platform has no payment for it"
                      : "key {key} was acknowledged as {payment}, but the platform has no such payment",
                  {.key = one.key, .payment = one.history->id});
  } else if (payment->amount != one.history->amount || payment->currency != one.history->currency) {
    finding.wrong("payment {payment} differs from what was acknowledged for its key: " +
                      std::to_string(payment->amount) + " " + currency_text(payment->currency) + " instead of " +
                      std::to_string(one.history->amount) + " " + currency_text(one.history->currency),
                  {.key = one.key, .payment = payment->id});
  }
}

bool bank_approved(std::span<const Charge> charges) {
  return std::ranges::any_of(charges, [](const Charge& charge) {
    return charge.status == ChargeStatus::approved && charge.kind != ChargeKind::refund;
  });
}

void find_lost_key(const KeyCase& one, const Terms& terms, Finding& finding) {
  if (one.history != nullptr && one.history->fate == Fate::ok) check_acknowledged(one, finding);
  for (const Payment& payment : one.payments) {
    if (!needs_approval(payment.state) || !terms.asked_bank || bank_approved(one.charges)) continue;
    finding.wrong(
        "payment {payment} is " + std::string(to_string(payment.state)) + ", but the bank approved nothing for its key",
        {.key = one.key, .payment = payment.id});
  }
}

void find_lost_payment(const PaymentCase& one, const Terms& terms, Finding& finding) {
  if (one.before == nullptr || !is_captured(one.before->state) || !terms.asked_ledger) return;
  if (std::ranges::any_of(one.postings, &Posting::posted)) return;
  finding.wrong(
      "payment {payment} is " + std::string(to_string(one.before->state)) + ", but the ledger posted nothing for it",
      {.key = one.before->key, .payment = one.payment});
}

}  // namespace

const Checker& no_lost_acks() {
  static const Checker checker = {
      .name = "no_lost_acks",
      .doc = "An acknowledged payment is in the platform; an authorized one at the bank; a captured one in the ledger.",
      .needs = {"payments"},
      .uses = {"bank", "ledger"},
      .key = find_lost_key,
      .payment = find_lost_payment};
  return checker;
}

}  // namespace tidegate::audit
