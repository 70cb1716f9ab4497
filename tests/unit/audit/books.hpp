#pragma once
// A small system's books for the audit's tests: a history and exports that agree, to be broken one record at a time.

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "audit/audit.hpp"
#include "audit/manifest.hpp"
#include "base/json.hpp"
#include "record/events.hpp"
#include "record/operations.hpp"
#include "record/truth.hpp"
#include "tests/support/catch.hpp"

namespace tidegate::test {

/// The next moment of the run clock in whole milliseconds, wherever it is asked for.
Nanoseconds tick();

record::Operation operation(const std::string& key, record::OperationEvent event, std::int64_t amount = 1000);

struct Books {
  std::vector<record::Operation> operations;
  std::map<std::string, std::vector<json::object>> exports;
  audit::Terms terms;
  bool unchanged = true;  ///< no payments-after

  Books();
  std::vector<json::object>& of(const std::string& name) { return exports[name]; }

  /// Invocation and acknowledgement as payment "pay-KEY".
  void acknowledge(const std::string& key, std::int64_t amount);
  /// A payment in the platform's, the bank's and the ledger's books, with its events.
  void add_captured(const std::string& key, std::int64_t amount = 1000);
  void add_declined(const std::string& key, std::int64_t amount = 1000);
  /// Authorized, captured in two parts, one of them refunded.
  void add_partial(const std::string& key, std::int64_t amount = 1000);
  void add_refused(const std::string& key);
  void add_wallet_entry(const std::string& wallet, bool debit, std::int64_t amount);
  /// What the harness saw of a payment's state.
  void add_read(const std::string& key, const std::string& state);

  json::object& add_payment(const std::string& key, std::int64_t amount, const std::string& status);
  void add_charge(const std::string& key, const std::string& reference, std::int64_t amount, const std::string& status,
                  const std::string& kind = "charge");
  void add_event(const std::string& key, const std::string& type);
  void add_transfer(const std::string& name, const std::string& payment, const std::string& kind,
                    const std::vector<std::pair<std::string, std::int64_t>>& entries);
  /// Makes the audit log's hashes anew, in the order of its records, and signs the last one.
  void chain_audit_log();

 private:
  void post_captured(const std::string& key, std::int64_t amount, const std::string& part);
  void log(const std::string& payment, const std::string& action);
  std::map<std::string, std::int64_t> sequences_;  // of streams
  std::map<std::string, std::int64_t> balances_;   // of wallets
};

void remove_where(std::vector<json::object>& records, const std::string& field, const std::string& value);
/// The first record with that value; REQUIREs one.
json::object& find(std::vector<json::object>& records, const std::string& field, const std::string& value);

/// A run directory that holds books, removed afterwards.
class BooksDirectory {
 public:
  BooksDirectory();
  explicit BooksDirectory(const Books& books) : BooksDirectory() { write(books); }
  ~BooksDirectory();
  BooksDirectory(const BooksDirectory&) = delete;
  BooksDirectory& operator=(const BooksDirectory&) = delete;

  /// Replaces what it holds.
  void write(const Books& books);
  const record::RunDirectory& directory() const { return *directory_; }
  std::string truth(const std::string& name) const { return directory_->truth(name + ".ndjson.zst"); }

  record::AuditFinding check(const std::string& checker) const { return audit::check(*directory_, {checker}).front(); }
  std::vector<record::AuditFinding> check_all(const audit::CheckOptions& options = {}) const {
    return audit::check(*directory_, audit::checker_names(), options);
  }

 private:
  std::string path_;
  std::unique_ptr<record::RunDirectory> directory_;
};

}  // namespace tidegate::test
