#pragma once
// The ledger's tables: transfers and their entries, the standing of payments, balances of merchants and wallets.

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "base/json.hpp"
#include "base/result.hpp"
#include "platform/ledger/postings.hpp"
#include "platform/store/store.hpp"

namespace tidegate::platform {

std::span<const Migration> ledger_migrations();

/// Writes the transfer with its entries, and moves the balance of every account that has one (merchant-payable,
/// wallets). False: a transfer of that payment, kind and reference is there already and stays as it is.
Result<bool> write_transfer(Connection& connection, const Transfer& transfer);

Result<std::optional<Standing>> find_standing(Connection& connection, const std::string& payment);
Result<void> write_standing(Connection& connection, const Standing& standing, std::string_view settles_as);

/// Credits minus debits; 0 for an account that nothing was posted to.
Result<std::int64_t> balance_of(Connection& connection, std::string_view account, std::string_view owner,
                                std::string_view currency);

/// Entries with after < sequence <= as_of in commit order, as the items of the export.
Result<json::array> read_entries(Connection& reader, std::int64_t after, std::int64_t as_of, std::int64_t limit,
                                 std::int64_t& last);
Result<std::int64_t> last_entry(Connection& reader);

}  // namespace tidegate::platform
