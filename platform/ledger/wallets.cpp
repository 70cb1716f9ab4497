#include "platform/ledger/wallets.hpp"

#include <algorithm>

#include "platform/events/worker_events.hpp"
#include "platform/service/wall_clock.hpp"
#include "platform/worker/caller.hpp"
#include "platform/worker/export_page.hpp"

namespace tidegate::platform {
namespace {

constexpr std::int64_t kLargestAmount = 999'999'999'999;
constexpr std::int64_t kLargestBalance = 999'999'999'999'999;
constexpr std::size_t kLongestName = 64;

constexpr Migration kWalletMigrations[] = {
    {120,
     "CREATE TABLE wallet_operations (tenant TEXT NOT NULL, wallet TEXT NOT NULL, operation TEXT NOT NULL, key TEXT "
     "NOT NULL, amount INTEGER NOT NULL, currency TEXT NOT NULL, outcome INTEGER NOT NULL, balance INTEGER NOT NULL,"
     " at_ms INTEGER NOT NULL, PRIMARY KEY (tenant, wallet, operation, key)) WITHOUT ROWID"},
    {121, "CREATE INDEX entries_wallet ON entries (sequence) WHERE account >= 'wallet/' AND account < 'wallet0'"},
};

std::string_view name_of(WalletOperation operation) {
  return operation == WalletOperation::credit ? "credit" : "debit";
}

std::string account_of(std::string_view wallet) {
  return "wallet/" + std::string(wallet);
}

Result<std::optional<WalletOutcome>> find_outcome(Connection& connection, const WalletCommand& command) {
  std::optional<WalletOutcome> found;
  auto read = connection.query(
      "SELECT amount, currency, outcome, balance FROM wallet_operations"
      " WHERE tenant = ?1 AND wallet = ?2 AND operation = ?3 AND key = ?4",
      {command.tenant, command.wallet, name_of(command.operation), command.key}, [&](const Row& row) {
        const bool same = row.integer(0) == command.amount && row.text(1) == command.currency;
        found = WalletOutcome{same ? static_cast<WalletOutcome::Kind>(row.integer(2)) : WalletOutcome::Kind::other_body,
                              true, row.integer(3)};
        return false;
      });
  if (!read) return read.error();
  return found;
}

Result<void> store_outcome(Connection& connection, const WalletCommand& command, const WalletOutcome& outcome) {
  auto stored = connection.execute(
      "INSERT INTO wallet_operations (tenant, wallet, operation, key, amount, currency, outcome, balance, at_ms)"
      " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
      {command.tenant, command.wallet, name_of(command.operation), command.key, command.amount, command.currency,
       static_cast<std::int64_t>(outcome.kind), outcome.balance, wall_now_ms()});
  if (!stored) return stored.error();
  return {};
}

WalletOutcome decide(const WalletCommand& command, const std::optional<Wallet>& wallet) {
  const std::int64_t balance = wallet ? wallet->balance : 0;
  if (wallet && wallet->currency != command.currency) return {WalletOutcome::Kind::other_currency, false, balance};
  if (command.operation == WalletOperation::debit) {
    if (command.amount > balance) return {WalletOutcome::Kind::insufficient, false, balance};
    return {WalletOutcome::Kind::done, false, balance - command.amount};
  }
  if (command.amount > kLargestBalance - balance) return {WalletOutcome::Kind::overflow, false, balance};
  return {WalletOutcome::Kind::done, false, balance + command.amount};
}

Result<void> move_money(Connection& connection, const WalletCommand& command, std::int64_t balance, const Emit& emit) {
  const bool credit = command.operation == WalletOperation::credit;
  const std::string account = account_of(command.wallet);
  const std::string subject = command.tenant + "/" + command.wallet;
  auto written = write_transfer(
      connection, move(credit ? TransferKind::wallet_credit : TransferKind::wallet_debit, subject, command.key,
                       command.tenant, command.currency, credit ? std::string_view(account::wallet_funding) : account,
                       credit ? std::string_view(account) : account::wallet_funding, command.amount));
  if (!written) return written.error();
  if (!*written) return internal_error("a wallet movement without its stored outcome");
  Envelope event;
  event.type = credit ? event_type::wallet_credited : event_type::wallet_debited;
  event.payment = subject;
  event.tenant = command.tenant;
  event.data = LedgerMovement{command.amount, command.currency, balance, command.key}.to_data();
  return emit(std::move(event));
}

}  // namespace

std::span<const Migration> wallet_migrations() {
  return kWalletMigrations;
}

bool is_wallet_name(std::string_view text) noexcept {
  if (text.empty() || text.size() > kLongestName) return false;
  return std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  });
}

Result<WalletCommand> WalletCommand::from_request(WalletOperation operation, std::string tenant,
                                                  std::string_view wallet, std::string key, const json::object& body) {
  WalletCommand command{operation, std::move(tenant), std::string(wallet), std::move(key), 0, {}};
  if (!is_wallet_name(wallet)) return usage_error("a wallet's name has 1 to 64 letters, digits, '-' and '_'");
  const auto amount = integer_member(body, "amount");
  if (!amount || *amount < 1 || *amount > kLargestAmount) {
    return usage_error("amount is an integer in the currency's minor unit, from 1 to " +
                       std::to_string(kLargestAmount));
  }
  command.amount = *amount;
  command.currency = string_member(body, "currency").value_or("");
  if (!is_currency(command.currency)) return usage_error("currency is a code of three capitals, as in ISO 4217");
  return command;
}

Result<std::optional<Wallet>> find_wallet(Connection& reader, std::string_view tenant, std::string_view wallet) {
  std::optional<Wallet> found;
  auto read = reader.query("SELECT currency, balance FROM balances WHERE account = ?1 AND owner = ?2",
                           {account_of(wallet), tenant}, [&](const Row& row) {
                             found = Wallet{std::string(row.text(0)), row.integer(1)};
                             return false;
                           });
  if (!read) return read.error();
  return found;
}

Result<void> open_wallet(Connection& connection, const std::string& tenant, const std::string& wallet,
                         const std::string& currency) {
  const auto known = find_wallet(connection, tenant, wallet);
  if (!known) return known.error();
  if (*known) return {};
  auto opened = connection.execute("INSERT INTO balances (account, owner, currency, balance) VALUES (?1, ?2, ?3, 0)",
                                   {account_of(wallet), tenant, currency});
  if (!opened) return opened.error();
  return {};
}

Result<WalletOutcome> move_wallet(Connection& connection, const WalletCommand& command, const Emit& emit) {
  auto known = find_outcome(connection, command);
  if (!known) return known.error();
  if (*known) return **known;
  const auto wallet = find_wallet(connection, command.tenant, command.wallet);
  if (!wallet) return wallet.error();
  const WalletOutcome outcome = decide(command, *wallet);
  if (outcome.kind == WalletOutcome::Kind::done) {
    if (auto moved = move_money(connection, command, outcome.balance, emit); !moved) return moved.error();
  }
  if (auto stored = store_outcome(connection, command, outcome); !stored) return stored.error();
  return outcome;
}

Result<json::array> read_wallet_entries(Connection& reader, std::int64_t after, std::int64_t as_of, std::int64_t limit,
                                        std::int64_t& last) {
  json::array items;
  auto read = reader.query(
      "SELECT e.sequence, t.payment, e.direction, e.amount, t.currency, w.balance, w.key, w.at_ms"
      " FROM entries e JOIN transfers t ON t.id = e.transfer JOIN wallet_operations w ON w.tenant = t.merchant"
      " AND w.wallet = substr(e.account, 8) AND w.operation = substr(t.kind, 8) AND w.key = t.reference"
      " WHERE e.account >= 'wallet/' AND e.account < 'wallet0' AND e.sequence > ?1 AND e.sequence <= ?2"
      " ORDER BY e.sequence LIMIT ?3",
      {after, as_of, limit}, [&](const Row& row) {
        last = row.integer(0);
        items.push_back(json::object{{"sequence", row.integer(0)},
                                     {"wallet", row.text(1)},
                                     {"direction", row.text(2)},
                                     {"amount", row.integer(3)},
                                     {"currency", row.text(4)},
                                     {"balance", row.integer(5)},
                                     {"key", row.text(6)},
                                     {"at_ms", row.integer(7)}});
        return true;
      });
  if (!read) return read.error();
  return items;
}

Result<std::int64_t> last_wallet_entry(Connection& reader) {
  return last_sequence_of(
      reader, "SELECT coalesce(max(sequence), 0) FROM entries WHERE account >= 'wallet/' AND account < 'wallet0'");
}

}  // namespace tidegate::platform
