#pragma once
// The exports in truth/ as records of the model. Shapes: docs/audit.md. What does not fit its shape (a missing member,
// an unknown state or currency, an amount below zero) is an error that names the record: nothing is guessed.

#include <functional>
#include <string>

#include "audit/model.hpp"
#include "base/result.hpp"
#include "record/run.hpp"

namespace tidegate::audit {

/// Calls visit per record of truth/EXPORT.ndjson.zst, in the order of the export. The line is the record's JSON.
template <typename Record>
using Visit = std::function<void(const Record&, std::string_view line)>;

/// Whether events of a type are to be told to the customer by a webhook.
using Notifies = std::function<bool(std::string_view type)>;

Result<void> read_payments(const record::RunDirectory& directory, const std::string& name, const Visit<Payment>& visit);
Result<void> read_charges(const record::RunDirectory& directory, const std::string& name, const Visit<Charge>& visit);
Result<void> read_bank_calls(const record::RunDirectory& directory, const std::string& name,
                             const Visit<BankCall>& visit);
Result<void> read_entries(const record::RunDirectory& directory, const std::string& name, const Visit<Entry>& visit);
/// The log of the wallets: entries of one account each, with `balance` held against them.
struct WalletEntry {
  Entry entry;
  std::int64_t balance = 0;  ///< with has_balance: what the wallet showed after it
  bool has_balance = false;
};
Result<void> read_wallet_entries(const record::RunDirectory& directory, const std::string& name,
                                 const Visit<WalletEntry>& visit);
Result<void> read_events(const record::RunDirectory& directory, const std::string& name, const Notifies& notifies,
                         const Visit<Event>& visit);
/// `group` is the consumer group whose export it is.
Result<void> read_applications(const record::RunDirectory& directory, const std::string& name, std::uint64_t group,
                               const Visit<Application>& visit);
/// Webhooks as the sink got them, and dead letters.
Result<void> read_deliveries(const record::RunDirectory& directory, const std::string& name,
                             const Visit<Delivery>& visit);
Result<void> read_dead_letters(const record::RunDirectory& directory, const std::string& name,
                               const Visit<Delivery>& visit);

/// The topic of a stream PRODUCER/TOPIC/PARTITION, as events hold it.
std::uint64_t topic_of(std::string_view stream) noexcept;

}  // namespace tidegate::audit
