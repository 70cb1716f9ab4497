// No money was taken for nothing: for a payment that failed, or for one that nobody knows.
#include "audit/checker.hpp"

namespace tidegate::audit {
namespace {

void find_phantom_key(const KeyCase& one, const Terms& /*terms*/, Finding& finding) {
  if (one.charges.empty()) return;
  finding.checked();
  const std::int64_t money = money_of(one.charges).held();
  if (money <= 0) return;
  if (one.after.empty()) {
    const bool failed = one.history != nullptr && one.history->fate == Fate::fail;
    finding.wrong("the bank took " + std::to_string(money) + " for key {key}, " +
                      (failed ? "which was refused to the client" : "which the platform does not know"),
                  {.key = one.key, .reference = one.charges.front().reference});
    return;
  }
  for (const Payment& payment : one.after) {
    if (!owes_nothing(payment.state)) return;
  }
  finding.wrong("the bank took " + std::to_string(money) + " for payment {payment}, which is " +
                    std::string(to_string(one.after.front().state)),
                {.key = one.key, .payment = one.after.front().id, .reference = one.charges.front().reference});
}

}  // namespace

const Checker& no_phantom() {
  static const Checker checker = {
      .name = "no_phantom",
      .doc = "The bank took no money for a payment that failed, was declined, or was never asked for.",
      .needs = {"payments", "bank"},
      .key = find_phantom_key,
      .charges_alone = true};
  return checker;
}

}  // namespace tidegate::audit
