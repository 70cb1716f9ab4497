// The books balance after every transfer, not only at the end; and of each payment, captured minus refunded stands on
// payable, reserve, paid out and fees.
#include <algorithm>
#include <limits>
#include <vector>

#include "audit/checker.hpp"

namespace tidegate::audit {
namespace {

// Per transfer, in the order of postings: when every transfer balances, so does the ledger after each of them.
class Transfers final : public StreamCheck {
 public:
  explicit Transfers(Finding& finding) : finding_(finding) {}

  void entry(const Entry& entry) override {
    if (!open_.empty() && open_.front().transfer != entry.transfer) close();
    if (entry.sequence <= last_) {
      finding_.wrong("the ledger's numbers do not ascend at a posting of payment {payment}",
                     {.payment = entry.payment});
    }
    last_ = entry.sequence;
    open_.push_back(entry);
  }
  void end() override {
    if (!open_.empty()) close();
  }

 private:
  void close() {
    finding_.checked();
    bool lawful = true, balanced = true;
    // Few currencies meet in one transfer, so each entry sums its own.
    for (const Entry& one : open_) {
      std::int64_t sum = 0;
      for (const Entry& other : open_) {
        if (other.currency == one.currency) sum += other.debit ? other.amount : -other.amount;
      }
      lawful = lawful && one.amount > 0;
      balanced = balanced && sum == 0;
    }
    const Identity payment = open_.front().payment;
    if (!lawful) {
      finding_.wrong("a transfer of payment {payment} moves nothing", {.payment = payment});
    } else if (!balanced) {
      finding_.wrong("a transfer of payment {payment}: debits and credits differ", {.payment = payment});
    }
    open_.clear();
  }

  Finding& finding_;
  std::vector<Entry> open_;
  std::int64_t last_ = std::numeric_limits<std::int64_t>::min();
};

// The entries of one transfer follow each other. Few transfers belong to one payment, so each is held against each.
bool in_two_parts(std::span<const Posting> postings) {
  for (std::size_t i = 1; i < postings.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      if (postings[i].transfer == postings[j].transfer && postings[i].begins != postings[j].begins) return true;
    }
  }
  return false;
}

std::int64_t due(const Payment* payment) {
  return payment == nullptr ? 0 : payment->captured - payment->refunded;
}

void balance_payment(const PaymentCase& one, const Terms& /*terms*/, Finding& finding) {
  if (one.postings.empty()) return;
  if (in_two_parts(one.postings)) {
    finding.wrong("a transfer of payment {payment} was posted in two parts", {.payment = one.payment});
  }
  std::int64_t posted = 0;
  bool moved = false;
  for (const Posting& posting : one.postings) {
    posted += posting.share;
    moved = moved || posting.posted;
  }
  // The ledger was read between the two readings of the payments, and a payment may have gone on meanwhile.
  if (posted == due(one.before) || posted == due(one.after)) return;
  if (!moved) return;  // not posted at all: no_lost_acks says so
  const Payment* payment = one.after != nullptr ? one.after : one.before;
  if (payment == nullptr) {
    finding.wrong(
        "the ledger posted " + std::to_string(posted) + " for payment {payment}, which the platform does not know",
        {.payment = one.payment});
    return;
  }
  finding.wrong("payment {payment} is " + std::string(to_string(payment->state)) + " with " +
                    std::to_string(due(payment)) + ", but " + std::to_string(posted) + " was posted",
                {.key = payment->key, .payment = one.payment});
}

}  // namespace

const Checker& ledger_balanced() {
  static const Checker checker = {
      .name = "ledger_balanced",
      .doc = "Debits equal credits per currency after every transfer; a captured payment is posted once, whole.",
      .needs = {"payments", "ledger"},
      .payment = balance_payment,
      .stream = [](Finding& finding) -> std::unique_ptr<StreamCheck> { return std::make_unique<Transfers>(finding); }};
  return checker;
}

}  // namespace tidegate::audit
