#include <algorithm>
#include <set>

#include "audit/checker.hpp"

namespace tidegate::audit {
namespace {

void check_transfer(const std::vector<const Entry*>& transfer, Finding& finding) {
  finding.checked();
  std::map<std::string, std::int64_t> balance;
  bool lawful = true;
  for (const Entry* entry : transfer) {
    balance[entry->currency] += entry->debit ? entry->amount : -entry->amount;
    lawful = lawful && entry->amount > 0;
  }
  const bool balanced = std::ranges::all_of(balance, [](const auto& sum) { return sum.second == 0; });
  if (balanced && lawful) return;
  json::array entries;
  for (const Entry* entry : transfer) entries.emplace_back(describe(*entry));
  const std::string& name = transfer.front()->transfer;
  finding.wrong(lawful ? "transfer " + name + ": debits and credits differ" : "transfer " + name + " moves nothing",
                {{"entries", std::move(entries)}});
}

// Per transfer, in the order of postings: when every transfer balances, so does the ledger after each of them.
void check_transfers(const Truth& truth, Finding& finding) {
  std::vector<const Entry*> transfer;
  std::set<std::string> closed;
  for (const Entry& entry : truth.entries) {
    if (!transfer.empty() && transfer.front()->transfer != entry.transfer) {
      check_transfer(transfer, finding);
      closed.insert(transfer.front()->transfer);
      transfer.clear();
    }
    if (closed.contains(entry.transfer)) {
      finding.wrong("transfer " + entry.transfer + " was posted in two parts", {{"entry", describe(entry)}});
    }
    transfer.push_back(&entry);
  }
  if (!transfer.empty()) check_transfer(transfer, finding);
}

// What is owed or was kept out of a payment's amount: captured = payable + reserve + paid out + fees.
bool is_share_of_captured(const std::string& account) {
  return account == "merchant-payable" || account == "reserve" || account == "paid-out" || account == "fees";
}

// A captured payment's amount stands on those accounts, whole and once; of any other payment, nothing does.
void check_payments(const Evidence& evidence, Finding& finding) {
  for (const Payment& payment : evidence.truth.payments) {
    const auto entries = evidence.entries_by_payment.find(payment.id);
    if (entries == evidence.entries_by_payment.end()) continue;
    std::int64_t posted = 0;
    json::array shown;
    for (const Entry* entry : entries->second) {
      shown.emplace_back(describe(*entry));
      if (is_share_of_captured(entry->account)) posted += entry->debit ? -entry->amount : entry->amount;
    }
    const std::int64_t due = is_captured(payment.status) ? payment.amount : 0;
    if (posted == due) continue;
    if (posted == 0 && due > 0) continue;  // not posted at all: no_lost_acks says so
    finding.wrong("payment " + payment.id + " is " + payment.status + " with " + std::to_string(payment.amount) +
                      ", but " + std::to_string(posted) + " was posted",
                  {{"payment", describe(payment)}, {"entries", std::move(shown)}});
  }
}

}  // namespace

void check_ledger_balanced(const Evidence& evidence, Finding& finding) {
  check_transfers(evidence.truth, finding);
  check_payments(evidence, finding);
}

}  // namespace tidegate::audit
