// What cannot be decided is unknown, with the reason; never true.
#include <filesystem>

#include "tests/unit/audit/clean_books.hpp"

using namespace tidegate;
using record::OperationEvent;
using test::Books;
using test::clean_books;
using test::operation;

namespace {

record::AuditFinding finding_of(const std::vector<record::AuditFinding>& findings, const std::string& checker) {
  for (const auto& finding : findings) {
    if (finding.checker == checker) return finding;
  }
  FAIL("no finding of " << checker);
  return {};
}

}  // namespace

TEST_CASE("nothing happened at all") {
  for (const auto& finding : test::BooksDirectory(Books()).check_all()) {
    INFO(finding.checker);
    if (finding.checker != "no_card_data") CHECK(finding.outcome == "unknown");
  }
}

TEST_CASE("no exports were ever fetched") {
  const test::BooksDirectory run(clean_books());
  std::filesystem::remove(run.directory().truth("exports.json"));
  const auto finding = run.check("no_lost_acks");
  CHECK(finding.outcome == "unknown");
  CHECK_THAT(finding.reason, Catch::Contains("no exports were fetched"));
}

TEST_CASE("a history cut in the middle of a record leaves nothing decided") {
  const test::BooksDirectory run(clean_books());
  const auto size = std::filesystem::file_size(run.directory().operations());
  std::filesystem::resize_file(run.directory().operations(), size - 7);
  for (const auto& finding : run.check_all()) {
    INFO(finding.checker);
    CHECK(finding.outcome == "unknown");
    CHECK_THAT(finding.reason, Catch::Contains("cut short"));
  }
}

TEST_CASE("a cut between a request and its answer is no fault of the system") {
  const test::BooksDirectory run(clean_books());
  constexpr std::uintmax_t kRecord = 192;
  for (auto size = std::filesystem::file_size(run.directory().operations()) - 7; size > 3 * kRecord; size -= kRecord) {
    INFO("cut at " << size);
    std::filesystem::resize_file(run.directory().operations(), size);
    const auto finding = finding_of(run.check_all(), "unknown_resolved");
    CHECK(finding.outcome == "unknown");
    CHECK_THAT(finding.reason, Catch::Contains("cut short"));
  }
}

TEST_CASE("a clock that steps: an answer before its request") {
  Books books = clean_books();
  books.operations[1].time = books.operations[0].time - std::chrono::seconds(1);
  const auto findings = test::BooksDirectory(books).check_all();
  CHECK_THAT(finding_of(findings, "no_lost_acks").reason, Catch::Contains("clock stepped"));
  for (const auto& finding : findings) CHECK(finding.outcome == "unknown");
}

TEST_CASE("an export that the system does not declare") {
  struct Row {
    const char* undeclared;
    std::vector<std::string> unknown;
  };
  const std::vector<Row> rows = {
      {"payments", {"no_lost_acks", "no_double_charge", "no_phantom", "ledger_balanced", "audit_chain"}},
      {"bank", {"no_double_charge", "no_phantom", "reconciled"}},
      {"ledger", {"ledger_balanced", "no_overdraft"}},
      {"events", {"per_key_order", "exactly_once_effect", "webhooks_delivered"}},
      {"applied-ledger", {"exactly_once_effect"}},
      {"webhooks", {"webhooks_delivered"}},
      {"attempts", {"reconciled"}},
      {"audit-roots", {"audit_chain"}},
  };
  for (const Row& row : rows) {
    Books books = clean_books();
    books.exports.erase(row.undeclared);
    for (const auto& finding : test::BooksDirectory(books).check_all()) {
      const bool asked = std::find(row.unknown.begin(), row.unknown.end(), finding.checker) == row.unknown.end();
      INFO("without " << row.undeclared << ", " << finding.checker << ": " << finding.reason);
      CHECK(finding.outcome == (asked ? "true" : "unknown"));
      if (!asked) CHECK_THAT(finding.reason, Catch::Contains("not asked") && Catch::Contains("declares no export"));
    }
  }
}

TEST_CASE("what a checker would also look at is said when it is not there") {
  Books books = clean_books();
  books.exports.erase("bank");
  const auto finding = test::BooksDirectory(books).check("no_lost_acks");
  CHECK(finding.outcome == "true");
  CHECK_THAT(finding.reason, Catch::Contains("not asked: 'bank'"));
}

TEST_CASE("an export that cannot be understood") {
  struct Row {
    const char* what;
    const char* name;
    const char* checker;
    const char* says;
    std::function<void(json::object&)> change;
  };
  const std::vector<Row> rows = {
      {"an unknown state", "payments", "no_lost_acks", "unknown state 'paid'", [](auto& r) { r["status"] = "paid"; }},
      {"an unknown currency", "payments", "no_lost_acks", "unknown currency 'EUX'",
       [](auto& r) { r["currency"] = "EUX"; }},
      {"a currency in small letters", "bank", "no_phantom", "unknown currency", [](auto& r) { r["currency"] = "eur"; }},
      {"an unknown bank status", "bank", "no_double_charge", "unknown status", [](auto& r) { r["status"] = "maybe"; }},
      {"no amount", "bank", "no_double_charge", "lacks 'amount'", [](auto& r) { r.erase("amount"); }},
      {"an amount that is a text", "bank", "no_double_charge", "'amount' is not a whole number",
       [](auto& r) { r["amount"] = "12"; }},
      {"a broken amount", "bank", "no_double_charge", "'amount'", [](auto& r) { r["amount"] = 12.5; }},
      {"an amount below zero", "payments", "no_lost_acks", "below zero", [](auto& r) { r["amount"] = -1; }},
      {"a direction that is none", "ledger", "ledger_balanced", "neither debit nor credit",
       [](auto& r) { r["direction"] = "up"; }},
      {"a scope that is no hash", "payments", "no_lost_acks", "'scope'", [](auto& r) { r["scope"] = "xyz"; }},
      {"an event without its number", "events", "per_key_order", "lacks 'sequence'",
       [](auto& r) { r.erase("sequence"); }},
      {"a number below 1", "events", "per_key_order", "below 1", [](auto& r) { r["sequence"] = 0; }},
      {"an application without its number", "applied-ledger", "exactly_once_effect", "lacks 'sequence'",
       [](auto& r) { r.erase("sequence"); }},
  };
  for (const Row& row : rows) {
    Books books = clean_books();
    row.change(books.of(row.name).at(2));
    const auto finding = test::BooksDirectory(books).check(row.checker);
    INFO(row.what << ": " << finding.reason);
    CHECK(finding.outcome == "unknown");
    CHECK_THAT(finding.reason, Catch::Contains(row.says) && Catch::Contains("record 3"));
  }
}

TEST_CASE("an export file that is missing, cut or damaged") {
  const test::BooksDirectory run(clean_books());
  const std::string path = run.truth("bank");
  std::filesystem::resize_file(path, std::filesystem::file_size(path) / 2);
  CHECK(run.check("no_double_charge").outcome == "unknown");
  CHECK(run.check("no_lost_acks").outcome == "unknown");
  CHECK(run.check("ledger_balanced").outcome == "true");
  std::filesystem::remove(path);
  CHECK(run.check("no_double_charge").outcome == "unknown");
}

TEST_CASE("a payment that an export shows twice is a broken export, not a second payment") {
  Books books = clean_books();
  books.of("payments").push_back(books.of("payments").front());
  const auto findings = test::BooksDirectory(books).check_all();
  for (const char* checker : {"no_lost_acks", "no_double_charge", "ledger_balanced"}) {
    CHECK(finding_of(findings, checker).outcome == "unknown");
    CHECK_THAT(finding_of(findings, checker).reason, Catch::Contains("more than once"));
  }
}

TEST_CASE("an outbox that was pruned") {
  Books books = clean_books();
  std::erase_if(books.of("events"), [](const json::object& event) { return event.at("sequence").as_int64() < 3; });
  std::erase_if(books.of("applied-ledger"), [](const json::object& one) { return one.at("sequence").as_int64() < 3; });
  const auto finding = test::BooksDirectory(books).check("per_key_order");
  CHECK(finding.outcome == "unknown");
  CHECK_THAT(finding.reason, Catch::Contains("pruned"));
}

TEST_CASE("a consumer that keeps numbers only") {
  Books books = clean_books();
  std::map<std::string, std::int64_t> heads;
  for (const json::object& event : books.of("events")) {
    heads[std::string(event.at("stream").as_string())] = event.at("sequence").as_int64();
  }
  books.of("applied-ledger").clear();
  for (const auto& [stream, head] : heads)
    books.of("applied-ledger").push_back({{"stream", stream}, {"sequence", head}});
  CHECK(test::BooksDirectory(books).check("exactly_once_effect").outcome == "true");
  auto& last = books.of("applied-ledger").back()["sequence"];
  last = last.as_int64() - 1;
  CHECK_THAT(test::BooksDirectory(books).check("exactly_once_effect").reason, Catch::Contains("was not applied"));
  last = last.as_int64() + 2;
  CHECK_THAT(test::BooksDirectory(books).check("exactly_once_effect").reason, Catch::Contains("never published"));
}

TEST_CASE("a system that went on while it was read gives no false alarm") {
  Books books = clean_books();
  books.unchanged = false;
  books.of("payments-after") = books.of("payments");
  // Made and charged after the payments were first read, and before they were read again.
  json::object late = books.of("payments").front();
  late["id"] = "pay-late";
  late["key"] = "late";
  books.of("payments-after").push_back(late);
  json::object charge = books.of("bank").front();
  charge["client_key"] = "late";
  charge["reference"] = "pay-late-a1";
  books.of("bank").push_back(charge);
  books.add_transfer("t-late", "pay-late", "posted", {{"bank-settlement", -1000}, {"merchant-payable", 1000}});
  const test::BooksDirectory run(books);
  for (const char* checker : {"no_lost_acks", "no_double_charge", "no_phantom", "ledger_balanced"}) {
    const auto finding = run.check(checker);
    INFO(checker << ": " << finding.reason);
    CHECK(finding.outcome == "true");
  }
}

TEST_CASE("a false finding outweighs an unknown one") {
  Books books = clean_books();
  test::remove_where(books.of("bank"), "client_key", "key-5");
  const test::BooksDirectory run(books);
  const auto size = std::filesystem::file_size(run.directory().operations());
  std::filesystem::resize_file(run.directory().operations(), size - 7);
  CHECK(run.check("no_lost_acks").outcome == "false");
}

TEST_CASE("a checker that does not exist") {
  CHECK(test::BooksDirectory(clean_books()).check("no_lost_akcs").outcome == "unknown");
}
