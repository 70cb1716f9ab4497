// No account with a limit goes beyond it, at any point of the order of postings; and a wallet shows the sum of its own.
#include <map>

#include "audit/checker.hpp"

namespace tidegate::audit {
namespace {

class Balances final : public StreamCheck {
 public:
  explicit Balances(Finding& finding) : finding_(finding) {}

  void entry(const Entry& entry) override {
    if (entry.has_limit) post(entry);
  }
  void wallet_entry(const WalletEntry& wallet) override {
    const std::int64_t balance = post(wallet.entry);
    if (!wallet.has_balance || wallet.balance == balance) return;
    finding_.wrong("wallet {payment} showed " + std::to_string(wallet.balance) +
                       " after a posting, and its postings sum to " + std::to_string(balance),
                   {.payment = wallet.entry.payment});
  }

 private:
  std::int64_t post(const Entry& entry) {
    finding_.checked();
    std::int64_t& balance = balances_[entry.account];
    balance += entry.debit ? -entry.amount : entry.amount;
    if (entry.debit && balance < -entry.limit) {
      finding_.wrong("a debit took an account of {payment} to " + std::to_string(balance) + ", beyond its limit of " +
                         std::to_string(-entry.limit),
                     {.payment = entry.payment});
    }
    return balance;
  }

  Finding& finding_;
  std::map<Identity, std::int64_t> balances_;
};

}  // namespace

const Checker& no_overdraft() {
  static const Checker checker = {
      .name = "no_overdraft",
      .doc = "No account goes beyond its limit at any point of the order of postings.",
      .needs = {"ledger"},
      .uses = {"wallets"},
      .stream = [](Finding& finding) -> std::unique_ptr<StreamCheck> { return std::make_unique<Balances>(finding); }};
  return checker;
}

}  // namespace tidegate::audit
