#pragma once
// The rules of the books: which entries an event of a payment causes. Pure; amounts are integers in minor units.

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
inline constexpr std::string_view merchant_payable = "merchant-payable";
inline constexpr std::string_view fees = "fees";
}  // namespace account

enum class Direction { debit, credit };
std::string_view to_string(Direction direction) noexcept;

/// pending: the payment is under way. posted: captured, the money moved. released: declined, the pending entry undone.
enum class TransferKind { pending, posted, released };
std::string_view to_string(TransferKind kind) noexcept;

struct Entry {
  std::string_view account;
  Direction direction = Direction::debit;
  std::int64_t amount = 0;
};

struct Transfer {
  TransferKind kind = TransferKind::pending;
  std::string payment, merchant, currency;
  std::int64_t amount = 0;
  std::vector<Entry> entries;
};

/// The platform's fee: 1.5 % of the amount, halves to the even unit.
std::int64_t fee_of(std::int64_t amount) noexcept;

/// A transfer with its entries; always balanced. The amount must be above 0.
Transfer make_transfer(TransferKind kind, std::string payment, std::string merchant, std::string currency,
                       std::int64_t amount);
/// Debits equal credits, every amount above 0.
bool balanced(const Transfer& transfer) noexcept;

}  // namespace tidegate::platform
