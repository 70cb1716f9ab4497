#include "platform/ledger/postings.hpp"

#include "base/assert.hpp"

namespace tidegate::platform {
namespace {

constexpr std::int64_t kFeeBasisPoints = 150;
constexpr std::int64_t kWhole = 10'000;

std::vector<Entry> undo_pending(std::int64_t amount) {
  return {{account::merchant_pending, Direction::debit, amount},
          {account::customer_receivable, Direction::credit, amount}};
}

std::vector<Entry> entries_of(TransferKind kind, std::int64_t amount) {
  switch (kind) {
    case TransferKind::pending:
      return {{account::customer_receivable, Direction::debit, amount},
              {account::merchant_pending, Direction::credit, amount}};
    case TransferKind::released:
      return undo_pending(amount);
    case TransferKind::posted: {
      const std::int64_t fee = fee_of(amount);
      std::vector<Entry> entries = undo_pending(amount);
      entries.push_back({account::bank_settlement, Direction::debit, amount});
      entries.push_back({account::merchant_payable, Direction::credit, amount - fee});
      if (fee > 0) entries.push_back({account::fees, Direction::credit, fee});
      return entries;
    }
  }
  return {};
}

}  // namespace

std::string_view to_string(Direction direction) noexcept {
  return direction == Direction::debit ? "debit" : "credit";
}

std::string_view to_string(TransferKind kind) noexcept {
  switch (kind) {
    case TransferKind::pending:
      return "pending";
    case TransferKind::posted:
      return "posted";
    case TransferKind::released:
      return "released";
  }
  return "";
}

std::int64_t fee_of(std::int64_t amount) noexcept {
  // The whole ten-thousands apart, so that the product cannot overflow.
  const std::int64_t product = amount % kWhole * kFeeBasisPoints;
  std::int64_t fee = amount / kWhole * kFeeBasisPoints + product / kWhole;
  const std::int64_t rest = product % kWhole;
  if (rest > kWhole / 2 || (rest == kWhole / 2 && fee % 2 != 0)) ++fee;
  return fee;
}

Transfer make_transfer(TransferKind kind, std::string payment, std::string merchant, std::string currency,
                       std::int64_t amount) {
  TIDEGATE_ASSERT(amount > 0);
  Transfer transfer{kind, std::move(payment), std::move(merchant), std::move(currency), amount, {}};
  transfer.entries = entries_of(kind, amount);
  TIDEGATE_ASSERT(balanced(transfer));
  return transfer;
}

bool balanced(const Transfer& transfer) noexcept {
  std::int64_t debits = 0;
  std::int64_t credits = 0;
  for (const Entry& entry : transfer.entries) {
    if (entry.amount <= 0) return false;
    std::int64_t& side = entry.direction == Direction::debit ? debits : credits;
    if (__builtin_add_overflow(side, entry.amount, &side)) return false;
  }
  return debits == credits && !transfer.entries.empty();
}

}  // namespace tidegate::platform
