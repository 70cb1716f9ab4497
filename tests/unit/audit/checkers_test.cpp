// Every checker passes clean books and finds each fault planted for it; the other checkers stay quiet about it.
#include <fstream>

#include "tests/unit/audit/books.hpp"

using namespace tidegate;
using record::OperationEvent;
using test::Books;

namespace {

const std::vector<std::string> kCheckers = {"no_lost_acks", "no_double_charge", "ledger_balanced"};

Books clean() {
  Books books;
  for (int i = 0; i < 20; ++i) books.add_captured("key-" + std::to_string(i), 1000 + i);
  books.add_declined("declined");
  books.operations.push_back(test::operation("refused", OperationEvent::invoke));
  books.operations.push_back(test::operation("refused", OperationEvent::fail));
  // A deliberate repeat that was answered with the stored result.
  books.operations.push_back(test::operation("key-3", OperationEvent::invoke, 1003));
  books.operations.push_back(test::operation("key-3", OperationEvent::ok, 1003));
  // A timeout whose outcome was found out later.
  books.add_captured("slow");
  books.operations.push_back(test::operation("slow", OperationEvent::invoke));
  books.operations.push_back(test::operation("slow", OperationEvent::unknown));
  books.operations.push_back(test::operation("slow", OperationEvent::resolved_ok));
  return books;
}

void remove_where(std::vector<json::object>& records, const std::string& field, const std::string& value) {
  std::erase_if(records, [&](const json::object& record) { return record.at(field).as_string() == value; });
}

}  // namespace

TEST_CASE("clean books pass every checker") {
  const test::BooksDirectory run(clean());
  for (const std::string& checker : kCheckers) {
    const auto finding = run.check(checker);
    INFO(checker << ": " << finding.reason);
    CHECK(finding.outcome == "true");
    CHECK(finding.checked > 0);
  }
}

TEST_CASE("a planted fault is found by its checker and by no other") {
  struct Row {
    const char* what;
    std::string checker;
    std::string says;  // part of the reason
    std::function<void(Books&)> plant;
  };
  const std::vector<Row> rows = {
      // The platform forgot an acknowledged payment, and so did everybody after it.
      {"lost acknowledgement", "no_lost_acks", "key-7",
       [](Books& books) {
         remove_where(books.payments, "key", "key-7");
         remove_where(books.bank, "client_key", "key-7");
         remove_where(books.ledger, "payment", "pay-key-7");
       }},
      // Answered with one id, kept under another.
      {"acknowledged under another id", "no_lost_acks", "key-7",
       [](Books& books) {
         for (auto& payment : books.payments) {
           if (payment["key"].as_string() == "key-7") payment["id"] = "pay-other";
         }
         for (auto& entry : books.ledger) {
           if (entry["payment"].as_string() == "pay-key-7") entry["payment"] = "pay-other";
         }
       }},
      {"captured, unknown to the bank", "no_lost_acks", "the bank approved nothing",
       [](Books& books) { remove_where(books.bank, "client_key", "key-5"); }},
      {"captured, absent from the ledger", "no_lost_acks", "the ledger posted nothing",
       [](Books& books) { remove_where(books.ledger, "payment", "pay-key-5"); }},
      {"amount changed on the way", "no_lost_acks", "differs",
       [](Books& books) {
         books.payments[4]["amount"] = 1;
         for (auto& charge : books.bank) {
           if (charge["client_key"].as_string() == "key-4") charge["amount"] = 1;
         }
         for (auto& entry : books.ledger) {
           if (entry["payment"].as_string() == "pay-key-4") entry["amount"] = 1;
         }
       }},
      {"charged twice under two references", "no_double_charge", "the bank took 2006",
       [](Books& books) {
         json::object again = books.bank[3];
         again["reference"] = "pay-key-3-a2";
         books.bank.push_back(again);
       }},
      {"charged for nobody", "no_double_charge", "does not know",
       [](Books& books) {
         json::object again = books.bank[3];
         again["client_key"] = "nobody";
         books.bank.push_back(again);
       }},
      {"two payments for one key", "no_double_charge", "made 2 payments",
       [](Books& books) {
         json::object again = books.payments[3];
         again["id"] = "pay-again";
         again["status"] = "declined";
         books.payments.push_back(again);
       }},
      {"one leg short", "ledger_balanced", "debits and credits differ",
       [](Books& books) { books.add_transfer("t-bad", "pay-key-1", "pending", 100, 99); }},
      {"leg missing", "ledger_balanced", "debits and credits differ",
       [](Books& books) { books.add_entry("t-half", "pay-key-1", "pending", "debit", 100); }},
      {"posted twice", "ledger_balanced", "was posted",
       [](Books& books) { books.add_transfer("t-again", "pay-key-1", "posted", 1001, 1001); }},
      {"posted for a declined payment", "ledger_balanced", "was posted",
       [](Books& books) { books.add_transfer("t-declined", "pay-declined", "posted", 1000, 1000); }},
      {"a transfer in two parts", "ledger_balanced", "two parts",
       [](Books& books) { books.add_transfer("t-key-0-pending", "pay-key-0", "pending", 5, 5); }},
      {"a transfer of nothing", "ledger_balanced", "moves nothing",
       [](Books& books) { books.add_transfer("t-zero", "pay-key-0", "pending", 0, 0); }},
  };
  for (const Row& row : rows) {
    Books books = clean();
    row.plant(books);
    const test::BooksDirectory run(books);
    for (const std::string& checker : kCheckers) {
      const auto finding = run.check(checker);
      INFO(row.what << ", " << checker << ": " << finding.reason);
      CHECK(finding.outcome == (checker == row.checker ? "false" : "true"));
      if (checker != row.checker) continue;
      CHECK(finding.reason.find(row.says) != std::string::npos);
      CHECK_FALSE(finding.counterexamples.empty());
    }
  }
}

TEST_CASE("what cannot be decided is unknown, never true") {
  SECTION("an outcome that was never resolved") {
    Books books = clean();
    books.operations.push_back(test::operation("open", OperationEvent::invoke));
    books.operations.push_back(test::operation("open", OperationEvent::unknown));
    CHECK(test::BooksDirectory(books).check("no_lost_acks").outcome == "unknown");
  }
  SECTION("an invocation without a completion") {
    Books books = clean();
    books.operations.push_back(test::operation("open", OperationEvent::invoke));
    CHECK(test::BooksDirectory(books).check("no_lost_acks").outcome == "unknown");
  }
  SECTION("nothing happened at all") {
    for (const std::string& checker : kCheckers)
      CHECK(test::BooksDirectory(Books{}).check(checker).outcome == "unknown");
  }
  SECTION("a history cut in the middle of a record") {
    const test::BooksDirectory run(clean());
    const auto size = std::filesystem::file_size(run.directory().operations());
    std::filesystem::resize_file(run.directory().operations(), size - 7);
    CHECK(run.check("no_lost_acks").outcome == "unknown");
  }
  SECTION("an export that was never fetched") {
    const test::BooksDirectory run(clean());
    std::filesystem::remove(run.directory().truth("ledger.ndjson.gz"));
    CHECK(run.check("ledger_balanced").outcome == "unknown");
    CHECK(run.check("no_lost_acks").outcome == "unknown");
    CHECK(run.check("no_double_charge").outcome == "true");
  }
  SECTION("an export cut short") {
    const test::BooksDirectory run(clean());
    const std::string path = run.directory().truth("bank.ndjson.gz");
    std::filesystem::resize_file(path, std::filesystem::file_size(path) / 2);
    CHECK(run.check("no_double_charge").outcome == "unknown");
  }
  SECTION("a record without its amount") {
    Books books = clean();
    books.bank.back().erase("amount");
    const auto finding = test::BooksDirectory(books).check("no_double_charge");
    CHECK(finding.outcome == "unknown");
    CHECK(finding.reason.find("amount") != std::string::npos);
  }
  SECTION("a checker that does not exist") {
    CHECK(test::BooksDirectory(clean()).check("no_lost_akcs").outcome == "unknown");
  }
}

TEST_CASE("a system that went on while it was read gives no false alarm") {
  Books books = clean();
  books.payments_after = books.payments;
  // Made and charged after the payments were first read, and before they were read again.
  json::object late = books.payments.front();
  late["id"] = "pay-late";
  late["key"] = "late";
  books.payments_after.push_back(late);
  json::object charge = books.bank.front();
  charge["client_key"] = "late";
  books.bank.push_back(charge);
  const test::BooksDirectory run(books);
  for (const std::string& checker : kCheckers) {
    const auto finding = run.check(checker);
    INFO(checker << ": " << finding.reason);
    CHECK(finding.outcome == "true");
  }
}

TEST_CASE("a false finding outweighs an unknown one") {
  Books books = clean();
  books.operations.push_back(test::operation("open", OperationEvent::invoke));
  books.operations.push_back(test::operation("open", OperationEvent::unknown));
  remove_where(books.bank, "client_key", "key-5");
  CHECK(test::BooksDirectory(books).check("no_lost_acks").outcome == "false");
}
