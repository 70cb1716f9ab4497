#include "platform/ledger/postings.hpp"

#include <algorithm>

#include "base/assert.hpp"

namespace tidegate::platform {
namespace {

constexpr std::int64_t kFeeBasisPoints = 150;
constexpr std::int64_t kWhole = 10'000;

void add(Transfer& transfer, std::string_view account, Direction direction, std::int64_t amount) {
  TIDEGATE_ASSERT(amount >= 0);
  if (amount > 0) transfer.entries.push_back({std::string(account), direction, amount});
}

Transfer transfer_of(const Standing& standing, TransferKind kind, std::int64_t amount, std::string reference) {
  return {kind, standing.payment, std::move(reference), standing.merchant, standing.currency, amount, {}};
}

void undo_pending(Transfer& transfer, std::int64_t amount) {
  add(transfer, account::merchant_pending, Direction::debit, amount);
  add(transfer, account::customer_receivable, Direction::credit, amount);
}

Error refuse(const Standing& standing, std::string_view why) {
  return internal_error("payment " + standing.payment + ": " + std::string(why));
}

Transfer checked(Transfer transfer) {
  TIDEGATE_ASSERT(balanced(transfer));
  return transfer;
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
    case TransferKind::settled:
      return "settled";
    case TransferKind::refunded:
      return "refunded";
    case TransferKind::payout_reserved:
      return "payout-reserved";
    case TransferKind::payout_paid:
      return "payout-paid";
    case TransferKind::payout_returned:
      return "payout-returned";
    case TransferKind::wallet_credit:
      return "wallet-credit";
    case TransferKind::wallet_debit:
      return "wallet-debit";
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

std::int64_t Standing::net() const noexcept {
  const std::int64_t kept = captured - refunded;
  return kept - fee_of(kept);
}

Transfer begin_payment(const Standing& standing) {
  Transfer transfer = transfer_of(standing, TransferKind::pending, standing.amount, "");
  add(transfer, account::customer_receivable, Direction::debit, standing.amount);
  add(transfer, account::merchant_pending, Direction::credit, standing.amount);
  return checked(std::move(transfer));
}

Result<Transfer> capture(Standing& standing, std::int64_t amount, std::string reference) {
  if (amount <= 0 || amount > standing.open()) return refuse(standing, "a capture beyond what is pending");
  const std::int64_t fee_before = fee_of(standing.captured - standing.refunded);
  standing.captured += amount;
  // Of the sum, so that many small captures cost what one large one does.
  const std::int64_t fee = fee_of(standing.captured - standing.refunded) - fee_before;
  Transfer transfer = transfer_of(standing, TransferKind::posted, amount, std::move(reference));
  undo_pending(transfer, amount);
  add(transfer, account::bank_settlement, Direction::debit, amount);
  add(transfer, account::reserve, Direction::credit, amount - fee);
  add(transfer, account::fees, Direction::credit, fee);
  return checked(std::move(transfer));
}

Result<Transfer> release_rest(Standing& standing) {
  const std::int64_t rest = standing.open();
  if (rest <= 0) return refuse(standing, "nothing is pending that could be released");
  standing.released += rest;
  Transfer transfer = transfer_of(standing, TransferKind::released, rest, "");
  undo_pending(transfer, rest);
  return checked(std::move(transfer));
}

Result<Transfer> refund(Standing& standing, std::int64_t amount, std::string reference) {
  if (amount <= 0 || amount > standing.captured - standing.refunded) {
    return refuse(standing, "a refund beyond what was captured");
  }
  const std::int64_t reserved = standing.reserved();
  const std::int64_t net_before = standing.net();
  standing.refunded += amount;
  const std::int64_t merchants = net_before - standing.net();
  const std::int64_t from_reserve = std::min(merchants, reserved);
  standing.settled -= merchants - from_reserve;
  Transfer transfer = transfer_of(standing, TransferKind::refunded, amount, std::move(reference));
  add(transfer, account::reserve, Direction::debit, from_reserve);
  add(transfer, account::merchant_payable, Direction::debit, merchants - from_reserve);
  add(transfer, account::fees, Direction::debit, amount - merchants);
  add(transfer, account::bank_settlement, Direction::credit, amount);
  return checked(std::move(transfer));
}

Result<Transfer> settle(Standing& standing, std::string reference) {
  if (!standing.cleared) return refuse(standing, "it is not cleared, so it does not settle");
  const std::int64_t amount = standing.reserved();
  if (amount <= 0) return refuse(standing, "nothing is reserved that could settle");
  standing.settled += amount;
  return move(TransferKind::settled, standing.payment, std::move(reference), standing.merchant, standing.currency,
              account::reserve, account::merchant_payable, amount);
}

Transfer move(TransferKind kind, std::string subject, std::string reference, std::string merchant, std::string currency,
              std::string_view from, std::string_view to, std::int64_t amount) {
  Transfer transfer{kind, std::move(subject), std::move(reference), std::move(merchant), std::move(currency), amount,
                    {}};
  add(transfer, from, Direction::debit, amount);
  add(transfer, to, Direction::credit, amount);
  return checked(std::move(transfer));
}

bool balanced(const Transfer& transfer) noexcept {
  std::int64_t sum = 0;
  for (const Entry& entry : transfer.entries) {
    if (entry.amount <= 0) return false;
    sum += entry.direction == Direction::debit ? entry.amount : -entry.amount;
  }
  return sum == 0 && !transfer.entries.empty();
}

}  // namespace tidegate::platform
