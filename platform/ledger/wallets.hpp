#pragma once
// Wallets: balance and log change in one transaction, and never below zero.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "platform/ledger/book.hpp"

namespace tidegate::platform {

std::span<const Migration> wallet_migrations();

enum class WalletOperation { credit, debit };

struct WalletCommand {
  WalletOperation operation = WalletOperation::credit;
  std::string tenant, wallet;
  std::string key;  ///< the client's idempotency key; its scope is (tenant, wallet, operation)
  std::int64_t amount = 0;
  std::string currency;

  /// From {amount, currency}; the error is written for the client.
  static Result<WalletCommand> from_request(WalletOperation operation, std::string tenant, std::string_view wallet,
                                            std::string key, const json::object& body);
};

struct WalletOutcome {
  enum class Kind {
    done,
    insufficient,    ///< it would have fallen below zero; nothing moved
    other_currency,  ///< the wallet holds another one; nothing moved
    other_body,      ///< the key was used for another amount or currency
    overflow,        ///< beyond what a wallet may hold; nothing moved
  };
  Kind kind = Kind::done;
  bool replayed = false;  ///< the stored outcome of the key
  std::int64_t balance = 0;
};

/// Inside a unit of work. The outcome is stored under the key together with the movement.
Result<WalletOutcome> move_wallet(Connection& connection, const WalletCommand& command, const Emit& emit);

/// An empty wallet of that currency; what exists stays as it is and is told by find_wallet.
Result<void> open_wallet(Connection& connection, const std::string& tenant, const std::string& wallet,
                         const std::string& currency);

struct Wallet {
  std::string currency;
  std::int64_t balance = 0;
};
Result<std::optional<Wallet>> find_wallet(Connection& reader, std::string_view tenant, std::string_view wallet);

/// Pages of what moved wallets, in the order of the books, each with the balance that its client was shown
/// (worker/export_page.hpp).
Result<json::array> read_wallet_entries(Connection& reader, std::int64_t after, std::int64_t as_of, std::int64_t limit,
                                        std::int64_t& last);
Result<std::int64_t> last_wallet_entry(Connection& reader);

/// 1 to 64 letters, digits, '-' and '_'.
bool is_wallet_name(std::string_view text) noexcept;

}  // namespace tidegate::platform
