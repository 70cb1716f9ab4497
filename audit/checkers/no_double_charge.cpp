#include "audit/checker.hpp"

namespace tidegate::audit {
namespace {

json::object with_charges(const std::vector<const Charge*>& charges) {
  json::array list;
  for (const Charge* charge : charges) list.emplace_back(describe(*charge));
  return {{"charges", std::move(list)}};
}

void check_payments(const Evidence& evidence, Finding& finding) {
  for (const auto& [id, payments] : evidence.payments_by_key) {
    finding.checked();
    if (payments.size() < 2) continue;
    json::array list;
    for (const Payment* payment : payments) list.emplace_back(describe(*payment));
    finding.wrong("key " + id.second + " made " + std::to_string(payments.size()) + " payments",
                  {{"payments", std::move(list)}});
  }
  for (const auto& [id, key] : evidence.history.keys) {
    if (key.ids_differ) {
      finding.wrong("key " + id.second + " was answered with two different ids", {{"operation", describe(id, key)}});
    }
  }
}

// Approved minus voided at the bank, held against the amount of the payment under that key: the bank keeps the client's
// own key, so a mistake in the platform's mapping cannot hide a second charge.
void check_bank(const Evidence& evidence, Finding& finding) {
  std::map<std::pair<std::string, std::string>, const Payment*> payments;
  for (const Payment& payment : evidence.truth.payments_after) payments[{payment.tenant, payment.key}] = &payment;
  for (const auto& [id, charges] : evidence.charges_by_key) {
    std::int64_t taken = 0;
    for (const Charge* charge : charges) {
      if (charge->status == "approved") taken += charge->amount;
      if (charge->status == "voided") taken -= charge->amount;
    }
    const auto payment = payments.find(id);
    if (payment == payments.end()) {
      if (taken > 0)
        finding.wrong("the bank took money for key " + id.second + ", which the platform does not know",
                      with_charges(charges));
    } else if (taken > payment->second->amount) {
      finding.wrong("the bank took " + std::to_string(taken) + " for key " + id.second + ", whose payment is of " +
                        std::to_string(payment->second->amount),
                    with_charges(charges));
    }
  }
}

}  // namespace

void check_no_double_charge(const Evidence& evidence, Finding& finding) {
  check_payments(evidence, finding);
  check_bank(evidence, finding);
}

}  // namespace tidegate::audit
