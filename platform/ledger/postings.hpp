#pragma once
// The rules of the books: which entries a step of a payment causes. Pure; amounts are integers in minor units.
//
//   pending    the payment is under way            customer-receivable -> merchant-pending
//   posted     captured, the money came in         bank-settlement -> reserve + fees, and the pending part undone
//   settled    captured and cleared by fraud       reserve -> merchant-payable
//   refunded   given back                          reserve, merchant-payable, fees -> bank-settlement
//   released   will not be captured any more       the pending rest undone
//   payout     to the merchant's own account       merchant-payable -> reserve -> paid-out
//
// At every moment, per payment: captured - refunded = merchant-payable + reserve + paid-out + fees.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace tidegate::platform {

namespace account {
inline constexpr std::string_view customer_receivable = "customer-receivable";
inline constexpr std::string_view merchant_pending = "merchant-pending";
inline constexpr std::string_view bank_settlement = "bank-settlement";
inline constexpr std::string_view reserve = "reserve";
inline constexpr std::string_view merchant_payable = "merchant-payable";
inline constexpr std::string_view paid_out = "paid-out";
inline constexpr std::string_view fees = "fees";
inline constexpr std::string_view wallet_funding = "wallet-funding";
}  // namespace account

enum class Direction { debit, credit };
std::string_view to_string(Direction direction) noexcept;

enum class TransferKind {
  pending,
  posted,
  released,
  settled,
  refunded,
  payout_reserved,
  payout_paid,
  payout_returned,
  wallet_credit,
  wallet_debit,
};
std::string_view to_string(TransferKind kind) noexcept;

struct Entry {
  std::string account;
  Direction direction = Direction::debit;
  std::int64_t amount = 0;
};

/// Balanced, every entry above 0.
struct Transfer {
  TransferKind kind = TransferKind::pending;
  std::string payment;    ///< or the payout, or the wallet
  std::string reference;  ///< tells transfers of one kind apart: the capture, the refund, the client's key
  std::string merchant, currency;
  std::int64_t amount = 0;
  std::vector<Entry> entries;
};

/// The platform's fee: 1.5 % of the amount, halves to the even unit.
std::int64_t fee_of(std::int64_t amount) noexcept;

/// What is written about a payment so far.
struct Standing {
  std::string payment, merchant, currency;
  std::int64_t amount = 0;    ///< authorized
  std::int64_t captured = 0;  ///< of it
  std::int64_t released = 0;  ///< of it
  std::int64_t refunded = 0;  ///< of what was captured
  std::int64_t settled = 0;   ///< net of fees, in merchant-payable
  bool cleared = false;       ///< by fraud; a hold takes it back

  std::int64_t open() const noexcept { return amount - captured - released; }
  /// What the merchant gets of what was captured and not refunded.
  std::int64_t net() const noexcept;
  /// Captured, but not settled: what lies in the reserve.
  std::int64_t reserved() const noexcept { return net() - settled; }
};

/// Each changes the standing as the transfer does. An error when the books would become wrong.
Transfer begin_payment(const Standing& standing);
Result<Transfer> capture(Standing& standing, std::int64_t amount, std::string reference);
Result<Transfer> release_rest(Standing& standing);
Result<Transfer> refund(Standing& standing, std::int64_t amount, std::string reference);
/// Only what fraud has cleared; `reference` is the batch.
Result<Transfer> settle(Standing& standing, std::string reference);

/// A movement between two accounts.
Transfer move(TransferKind kind, std::string subject, std::string reference, std::string merchant, std::string currency,
              std::string_view from, std::string_view to, std::int64_t amount);

/// Debits equal credits, every amount above 0.
bool balanced(const Transfer& transfer) noexcept;

}  // namespace tidegate::platform
