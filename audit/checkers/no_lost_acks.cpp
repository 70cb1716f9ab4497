#include <algorithm>

#include "audit/checker.hpp"

namespace tidegate::audit {
namespace {

const Payment* acknowledged_payment(const Evidence& evidence, const KeyId& id, const KeyHistory& key) {
  const auto found = evidence.payments_by_key.find(id);
  if (found == evidence.payments_by_key.end()) return nullptr;
  if (key.id.empty()) return found->second.front();
  const auto same = std::ranges::find(found->second, key.id, &Payment::id);
  return same == found->second.end() ? nullptr : *same;
}

void check_bank(const Evidence& evidence, const Payment& payment, Finding& finding) {
  const auto charges = evidence.charges_by_key.find({payment.tenant, payment.key});
  const bool approved =
      charges != evidence.charges_by_key.end() &&
      std::ranges::any_of(charges->second, [](const Charge* charge) { return charge->status == "approved"; });
  if (!approved) {
    finding.wrong("payment " + payment.id + " is " + payment.status + ", but the bank approved nothing for its key",
                  {{"payment", describe(payment)}});
  }
}

void check_ledger(const Evidence& evidence, const Payment& payment, Finding& finding) {
  const auto entries = evidence.entries_by_payment.find(payment.id);
  const bool posted = entries != evidence.entries_by_payment.end() &&
                      std::ranges::any_of(entries->second, [](const Entry* entry) { return entry->kind == "posted"; });
  if (!posted) {
    finding.wrong("payment " + payment.id + " is " + payment.status + ", but the ledger posted nothing for it",
                  {{"payment", describe(payment)}});
  }
}

}  // namespace

void check_no_lost_acks(const Evidence& evidence, Finding& finding) {
  for (const auto& [id, key] : evidence.history.keys) {
    if (key.kind != "payment") continue;
    if (key.fate == Fate::unknown) {
      finding.unknown("the outcome of key " + id.second + " was never resolved");
      continue;
    }
    if (key.fate != Fate::ok) continue;
    finding.checked();
    const Payment* payment = acknowledged_payment(evidence, id, key);
    if (payment == nullptr) {
      finding.wrong("key " + id.second + " was acknowledged" + (key.id.empty() ? "" : " as " + key.id) +
                        ", but the platform has no such payment",
                    {{"operation", describe(id, key)}});
      continue;
    }
    if (payment->amount != key.amount || payment->currency != key.currency) {
      finding.wrong("payment " + payment->id + " differs from what was acknowledged for its key",
                    {{"operation", describe(id, key)}, {"payment", describe(*payment)}});
    }
  }
  for (const Payment& payment : evidence.truth.payments) {
    if (!is_captured(payment.status)) continue;
    check_bank(evidence, payment, finding);
    check_ledger(evidence, payment, finding);
  }
}

}  // namespace tidegate::audit
