#pragma once
// A small system's books for the audit's tests: a history and exports that agree, to be broken one record at a time.

#include <fmt/format.h>
#include <unistd.h>

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "audit/audit.hpp"
#include "base/json.hpp"
#include "record/operations.hpp"
#include "record/truth.hpp"
#include "tests/support/catch.hpp"

namespace tidegate::test {

inline record::Operation operation(const std::string& key, record::OperationEvent event, std::int64_t amount = 1000) {
  static std::int64_t time = 0;
  record::Operation result;
  result.time = std::chrono::milliseconds(++time);
  result.event = event;
  result.scope = 0xabc;
  result.amount = amount;
  result.set_kind("payment");
  result.set_currency("EUR");
  result.set_key(key);
  if (event == record::OperationEvent::ok) result.set_id("pay-" + key);
  return result;
}

struct Books {
  std::vector<record::Operation> operations;
  std::vector<json::object> payments, bank, ledger;
  std::vector<json::object> payments_after;  ///< empty: as payments

  /// A payment that was acknowledged, approved and posted.
  void add_captured(const std::string& key, std::int64_t amount = 1000) {
    operations.push_back(operation(key, record::OperationEvent::invoke, amount));
    operations.push_back(operation(key, record::OperationEvent::ok, amount));
    payments.push_back({{"id", "pay-" + key},
                        {"tenant", "m1"},
                        {"key", key},
                        {"scope", "0000000000000abc"},
                        {"amount", amount},
                        {"currency", "EUR"},
                        {"status", "captured"}});
    bank.push_back({{"reference", "pay-" + key + "-a1"},
                    {"client_key", key},
                    {"merchant", "m1"},
                    {"amount", amount},
                    {"currency", "EUR"},
                    {"status", "approved"}});
    add_transfer("t-" + key + "-pending", "pay-" + key, "pending", amount, amount);
    add_transfer("t-" + key + "-posted", "pay-" + key, "posted", amount, amount);
  }
  void add_declined(const std::string& key) {
    operations.push_back(operation(key, record::OperationEvent::invoke));
    operations.push_back(operation(key, record::OperationEvent::ok));
    payments.push_back({{"id", "pay-" + key},
                        {"tenant", "m1"},
                        {"key", key},
                        {"scope", "0000000000000abc"},
                        {"amount", 1000},
                        {"currency", "EUR"},
                        {"status", "declined"}});
    bank.push_back({{"reference", "pay-" + key + "-a1"},
                    {"client_key", key},
                    {"merchant", "m1"},
                    {"amount", 1000},
                    {"currency", "EUR"},
                    {"status", "declined"}});
  }
  void add_transfer(const std::string& name, const std::string& payment, const std::string& kind, std::int64_t debit,
                    std::int64_t credit) {
    add_entry(name, payment, kind, "debit", debit);
    add_entry(name, payment, kind, "credit", credit);
  }
  static std::string account_of(const std::string& kind, const std::string& direction) {
    if (kind == "posted") return direction == "debit" ? "bank-settlement" : "merchant-payable";
    return direction == "debit" ? "customer-receivable" : "merchant-pending";
  }
  void add_entry(const std::string& transfer, const std::string& payment, const std::string& kind,
                 const std::string& direction, std::int64_t amount) {
    ledger.push_back({{"sequence", static_cast<std::int64_t>(ledger.size()) + 1},
                      {"transfer", transfer},
                      {"payment", payment},
                      {"kind", kind},
                      {"account", account_of(kind, direction)},
                      {"direction", direction},
                      {"amount", amount},
                      {"currency", "EUR"}});
  }
};

/// A run directory that holds the books, removed afterwards.
class BooksDirectory {
 public:
  explicit BooksDirectory(const Books& books) {
    static int counter = 0;
    path_ =
        (std::filesystem::temp_directory_path() / fmt::format("tidegate-audit-{}-{}", getpid(), ++counter)).string();
    directory_ = std::make_unique<record::RunDirectory>(*record::RunDirectory::create(path_));
    auto writer = record::OperationWriter::create(directory_->operations());
    REQUIRE(writer.ok());
    REQUIRE((*writer)->write(books.operations).ok());
    write("payments", books.payments);
    write("payments-after", books.payments_after.empty() ? books.payments : books.payments_after);
    write("bank", books.bank);
    write("ledger", books.ledger);
  }
  ~BooksDirectory() { std::filesystem::remove_all(path_); }
  const record::RunDirectory& directory() const { return *directory_; }

  record::AuditFinding check(const std::string& checker) const { return audit::check(*directory_, {checker}).front(); }

 private:
  void write(const std::string& name, const std::vector<json::object>& records) {
    auto writer = record::TruthWriter::create(directory_->truth(name + ".ndjson.gz"));
    REQUIRE(writer.ok());
    for (const json::object& object : records) REQUIRE((*writer)->write_line(json::serialize(object)).ok());
    REQUIRE((*writer)->close().ok());
  }
  std::string path_;
  std::unique_ptr<record::RunDirectory> directory_;
};

}  // namespace tidegate::test
