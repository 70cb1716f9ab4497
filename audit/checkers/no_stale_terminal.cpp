// Once a terminal state was shown, no later read shows an earlier one beyond the allowed staleness.
#include "audit/checker.hpp"

namespace tidegate::audit {
namespace {

void find_stale_payment(const PaymentCase& one, const Terms& terms, Finding& finding) {
  if (one.reads.empty()) return;
  finding.checked();
  // Reads are in the order of their answers; a read counts as later when it was sent after the answer before it.
  for (const Observation& read : one.reads) {
    for (const Observation& known : one.reads) {
      if (known.seen_ns >= read.sent_ns) break;
      if (!is_terminal(known.state) || !goes_back(known.state, read.state)) continue;
      if (Nanoseconds(read.sent_ns - known.seen_ns) <= terms.staleness) continue;
      finding.wrong("payment {payment} was shown as " + std::string(to_string(read.state)) + " " +
                        std::to_string((read.sent_ns - known.seen_ns) / 1'000'000) + " ms after it was " +
                        std::string(to_string(known.state)),
                    {.payment = one.payment});
      return;
    }
  }
}

}  // namespace

const Checker& no_stale_terminal() {
  static const Checker checker = {
      .name = "no_stale_terminal",
      .doc = "After a terminal state was shown, no read shows an earlier one beyond the allowed staleness.",
      .payment = find_stale_payment};
  return checker;
}

}  // namespace tidegate::audit
