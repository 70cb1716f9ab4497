// Every checker passes clean books and finds each fault planted for it; the other checkers stay quiet about it.
#include <filesystem>
#include <fstream>

#include "tests/unit/audit/clean_books.hpp"

using namespace tidegate;
using record::OperationEvent;
using test::Books;
using test::clean_books;
using test::find;
using test::operation;
using test::remove_where;

namespace {

struct Planted {
  const char* what;
  std::string checker;
  std::string says;  // part of the reason
  std::function<void(Books&)> plant;
};

void check_planted(const std::vector<Planted>& rows) {
  for (const Planted& row : rows) {
    Books books = clean_books();
    row.plant(books);
    const test::BooksDirectory run(books);
    for (const record::AuditFinding& finding : run.check_all()) {
      INFO(row.what << ", " << finding.checker << ": " << finding.reason);
      if (finding.checker != row.checker) {
        CHECK(finding.outcome == "true");
        continue;
      }
      CHECK(finding.outcome == "false");
      CHECK_THAT(finding.reason, Catch::Contains(row.says));
      CHECK_FALSE(finding.counterexamples.empty());
    }
  }
}

// Takes a payment out of every account but the harness's own.
void forget(Books& books, const std::string& key) {
  remove_where(books.of("payments"), "key", key);
  remove_where(books.of("bank"), "client_key", key);
  remove_where(books.of("attempts"), "payment", "pay-" + key);
  remove_where(books.of("ledger"), "payment", "pay-" + key);
}

std::size_t place_of(const std::vector<json::object>& records, const std::string& field, const std::string& value) {
  for (std::size_t i = 0; i < records.size(); ++i) {
    if (records[i].at(field).as_string() == value) return i;
  }
  FAIL("no record with " << field << " = " << value);
  return 0;
}

}  // namespace

TEST_CASE("clean books pass every checker") {
  const test::BooksDirectory run(clean_books());
  for (const record::AuditFinding& finding : run.check_all()) {
    INFO(finding.checker << ": " << finding.reason);
    CHECK(finding.outcome == "true");
    CHECK(finding.checked > 0);
  }
}

TEST_CASE("the same findings in many parts on disk, whatever the number of threads") {
  Books books = clean_books();
  for (int i = 0; i < 300; ++i) books.add_captured("more-" + std::to_string(i), 2000 + i);
  books.chain_audit_log();
  forget(books, "key-7");
  forget(books, "more-100");
  const test::BooksDirectory run(books);
  const auto whole = run.check_all();
  audit::CheckOptions options;
  options.records_per_part = 10;
  for (const int threads : {1, 2, 5}) {
    options.threads = threads;
    const auto parts = run.check_all(options);
    REQUIRE(parts.size() == whole.size());
    for (std::size_t i = 0; i < parts.size(); ++i) {
      INFO(parts[i].checker << " with " << threads << " threads");
      CHECK(parts[i].outcome == whole[i].outcome);
      CHECK(parts[i].checked == whole[i].checked);
      CHECK(parts[i].counterexamples.size() == whole[i].counterexamples.size());
    }
  }
}

TEST_CASE("planted: acknowledgements and charges") {
  check_planted({
      // The platform forgot an acknowledged payment, and so did everybody after it.
      {"lost acknowledgement", "no_lost_acks", "key key-7 was acknowledged as pay-key-7",
       [](Books& books) { forget(books, "key-7"); }},
      // Answered with one id, kept under another.
      {"acknowledged under another id", "no_lost_acks", "no such payment",
       [](Books& books) {
         for (auto& one : books.operations) {
           if (one.key_text() == "key-7" && !one.id_text().empty()) one.set_id("pay-other");
         }
       }},
      {"captured, unknown to the bank", "no_lost_acks", "the bank approved nothing",
       [](Books& books) {
         remove_where(books.of("bank"), "client_key", "key-5");
         remove_where(books.of("attempts"), "payment", "pay-key-5");
       }},
      {"captured, absent from the ledger", "no_lost_acks", "the ledger posted nothing",
       [](Books& books) { remove_where(books.of("ledger"), "transfer", "t-key-5-posted"); }},
      {"amount changed on the way", "no_lost_acks", "differs",
       [](Books& books) {
         for (auto& one : books.operations) {
           if (one.key_text() == "key-4") one.amount = 1005;
         }
       }},
      {"two payments for one key", "no_double_charge", "made 2 payments",
       [](Books& books) {
         books.add_payment("again", 1003, "declined")["key"] = "key-3";
         books.chain_audit_log();
       }},
      {"charged twice under two references", "no_double_charge", "the bank took 2006",
       [](Books& books) { books.add_charge("key-3", "pay-key-3-a2", 1003, "approved"); }},
      {"a void that voids nothing of it", "no_double_charge", "the bank took 2006",
       [](Books& books) {
         books.add_charge("key-3", "pay-key-3-a2", 1003, "approved");
         books.add_charge("key-3", "pay-key-3-a3", 1003, "voided");
       }},
      {"charged for nobody", "no_phantom", "does not know",
       [](Books& books) { books.add_charge("nobody", "pay-nobody-a1", 700, "approved"); }},
      {"charged though declined", "no_phantom", "which is declined",
       [](Books& books) { books.add_charge("declined", "pay-declined-a2", 1000, "approved"); }},
      {"charged though refused to the client", "no_phantom", "refused to the client",
       [](Books& books) { books.add_charge("refused", "pay-refused-a1", 1000, "approved"); }},
  });
}

TEST_CASE("planted: histories") {
  check_planted({
      {"never resolved", "unknown_resolved", "key open was never resolved",
       [](Books& books) {
         books.operations.push_back(operation("open", OperationEvent::invoke));
         books.operations.push_back(operation("open", OperationEvent::unknown));
       }},
      {"never completed", "unknown_resolved", "key open was never resolved",
       [](Books& books) { books.operations.push_back(operation("open", OperationEvent::invoke)); }},
      {"an operation of another kind never resolved", "unknown_resolved", "key key-1 was never resolved",
       [](Books& books) {
         books.operations.push_back(operation("key-1", OperationEvent::invoke));
         books.operations.back().set_kind("capture");
       }},
      {"another id for the same key", "replay_stored", "two different ids",
       [](Books& books) {
         books.acknowledge("key-9", 1009);
         books.operations.back().set_id("pay-other");
       }},
      {"another amount under the same key accepted", "replay_stored", "another body",
       [](Books& books) { books.acknowledge("key-9", 5); }},
      {"another body under the same key accepted", "replay_stored", "another body",
       [](Books& books) {
         books.acknowledge("key-9", 1009);
         const std::size_t last = books.operations.size() - 1;
         books.operations[last].body = books.operations[last - 1].body = 9;
         books.acknowledge("key-9", 1009);
         books.operations[last + 1].body = books.operations[last + 2].body = 10;
       }},
      {"acknowledged and then refused for good", "replay_stored", "also refused",
       [](Books& books) {
         books.operations.push_back(operation("key-9", OperationEvent::invoke, 1009));
         books.operations.push_back(operation("key-9", OperationEvent::fail, 1009));
         books.operations.back().status = 422;
       }},
      {"a read that went back in time", "no_stale_terminal", "was shown as processing",
       [](Books& books) {
         books.terms.staleness = Nanoseconds(0);
         books.add_read("key-1", "processing");
       }},
      {"settled, and then captured again", "no_stale_terminal", "was shown as captured",
       [](Books& books) {
         books.terms.staleness = Nanoseconds(0);
         books.add_read("key-1", "captured");
       }},
  });
}

TEST_CASE("planted: the ledger and the wallets") {
  check_planted({
      {"one leg short", "ledger_balanced", "debits and credits differ",
       [](Books& books) {
         books.add_transfer("t-bad", "pay-key-1", "pending", {{"a", 100}, {"b", -99}});
       }},
      {"a leg missing", "ledger_balanced", "debits and credits differ",
       [](Books& books) {
         books.add_transfer("t-half", "pay-key-1", "pending", {{"a", 100}});
       }},
      {"posted twice", "ledger_balanced", "was posted",
       [](Books& books) {
         books.add_transfer("t-again", "pay-key-1", "posted", {{"bank-settlement", -1001}, {"merchant-payable", 1001}});
       }},
      {"posted for a declined payment", "ledger_balanced", "was posted",
       [](Books& books) {
         books.add_transfer("t-dec", "pay-declined", "posted",
                            {{"bank-settlement", -1000}, {"merchant-payable", 1000}});
       }},
      {"posted for nobody", "ledger_balanced", "does not know",
       [](Books& books) {
         books.add_transfer("t-x", "pay-nobody", "posted", {{"bank-settlement", -10}, {"merchant-payable", 10}});
       }},
      {"a transfer in two parts", "ledger_balanced", "two parts",
       [](Books& books) {
         books.add_transfer("t-key-0-pending", "pay-key-0", "pending", {{"a", 5}, {"b", -5}});
       }},
      {"a transfer of nothing", "ledger_balanced", "moves nothing",
       [](Books& books) {
         books.add_transfer("t-zero", "pay-key-0", "pending", {{"a", 0}, {"b", 0}});
       }},
      {"balanced over two currencies only", "ledger_balanced", "debits and credits differ",
       [](Books& books) {
         books.add_transfer("t-fx", "pay-key-0", "pending", {{"a", 5}, {"b", -5}});
         books.of("ledger").back()["currency"] = "USD";
       }},
      {"a number twice", "ledger_balanced", "do not ascend",
       [](Books& books) { books.of("ledger")[5]["sequence"] = books.of("ledger")[4]["sequence"]; }},
      {"overdrawn for a moment", "no_overdraft", "beyond its limit",
       [](Books& books) {
         books.add_wallet_entry("w1", true, 1);
         books.add_wallet_entry("w1", false, 1);
       }},
      {"a wallet shows another balance", "no_overdraft", "postings sum to",
       [](Books& books) { books.of("wallets").back()["balance"] = 1; }},
      {"a wallet account of the ledger below zero", "no_overdraft", "beyond its limit",
       [](Books& books) {
         books.add_transfer("t-w", "w9", "wallet_debit", {{"wallet:w9", -10}, {"wallet-funding", 10}});
       }},
  });
}

TEST_CASE("planted: events, webhooks, audit log, statement") {
  check_planted({
      {"captured before it was created", "per_key_order", "before it was created",
       [](Books& books) {
         auto& events = books.of("events");
         const std::size_t first = place_of(events, "payment", "pay-partial");
         std::swap(events[first]["type"], events[first + 1]["type"]);
       }},
      {"authorized after it was captured", "per_key_order", "became authorized after it was captured",
       [](Books& books) {
         auto& events = books.of("events");
         const std::size_t first = place_of(events, "payment", "pay-partial");
         std::swap(events[first + 1]["type"], events[first + 3]["type"]);
         // The webhook goes with the type.
         for (auto& webhook : books.of("webhooks")) {
           if (webhook["event"] == events[first + 3]["id"]) webhook["event"] = events[first + 1]["id"];
         }
       }},
      {"a number is missing", "per_key_order", "follows",
       [](Books& books) {
         auto& events = books.of("events");
         const std::size_t place = place_of(events, "type", "payment_created") + 2;
         const std::string id(events[place]["id"].as_string());
         remove_where(books.of("applied-ledger"), "event", id);
         remove_where(books.of("webhooks"), "event", id);
         events.erase(events.begin() + static_cast<std::ptrdiff_t>(place));
       }},
      {"applied twice", "exactly_once_effect", "applied 2 times",
       [](Books& books) { books.of("applied-ledger").push_back(books.of("applied-ledger")[3]); }},
      {"never applied", "exactly_once_effect", "was not applied",
       [](Books& books) { books.of("applied-ledger").erase(books.of("applied-ledger").begin() + 3); }},
      {"applied, and never published", "exactly_once_effect", "never published",
       [](Books& books) {
         books.of("applied-ledger")
             .push_back({{"stream", "gateway-0/payments/0"}, {"sequence", 100000}, {"event", "ev-none"}});
       }},
      {"another event under its number", "exactly_once_effect", "another event",
       [](Books& books) { books.of("applied-ledger")[3]["event"] = "ev-other"; }},
      {"never delivered", "webhooks_delivered", "neither delivered",
       [](Books& books) { books.of("webhooks").pop_back(); }},
      {"delivered, but never accepted", "webhooks_delivered", "neither delivered",
       [](Books& books) { books.of("webhooks").back()["status"] = 500; }},
      {"a forged signature", "webhooks_delivered", "wrong signature",
       [](Books& books) {
         json::object forged = books.of("webhooks").back();
         forged["signature"] = "wrong";
         books.of("webhooks").push_back(forged);
       }},
      {"delivered without end", "webhooks_delivered", "was delivered 21 times",
       [](Books& books) {
         for (int i = 0; i < 20; ++i) books.of("webhooks").push_back(books.of("webhooks").back());
       }},
      {"a record of the log changed", "audit_chain", "its hash is not",
       [](Books& books) { books.of("audit-log")[4]["type"] = "payment_declined"; }},
      {"a record of the log removed", "audit_chain", "follows record",
       [](Books& books) { books.of("audit-log").erase(books.of("audit-log").begin() + 4); }},
      {"a record with another hash", "audit_chain", "its hash is not",
       [](Books& books) { books.of("audit-log")[4]["hash"] = std::string(64, 'f'); }},
      {"a root of another record", "audit_chain", "is not the hash of that record",
       [](Books& books) { books.of("audit-log").pop_back(); }},
      {"no signed root", "audit_chain", "no root", [](Books& books) { books.of("audit-roots").clear(); }},
      {"a root with a wrong signature", "audit_chain", "wrong signature",
       [](Books& books) { books.of("audit-roots").back()["at_ms"] = 8; }},
      {"a payment without a record", "audit_chain", "no record of it",
       [](Books& books) {
         for (auto& record : books.of("audit-log")) {
           if (record["payment"].as_string() == "pay-key-6") record["payment"] = "pay-key-5";
         }
         books.chain_audit_log();
       }},
      {"a card number in an export", "no_card_data", "ending in 0019",
       [](Books& books) { books.of("payments").back()["note"] = "card 4000000000010019"; }},
      {"amounts that do not match", "reconciled", "the platform recorded 1",
       [](Books& books) { find(books.of("attempts"), "payment", "pay-key-8")["amount"] = 1; }},
      {"no record of a line of the statement", "reconciled", "no record of it",
       [](Books& books) { remove_where(books.of("attempts"), "payment", "pay-key-8"); }},
      {"an approved call that the bank does not know", "reconciled", "not on the bank's statement",
       [](Books& books) {
         json::object call = books.of("attempts").front();
         call["reference"] = "pay-key-0-a7";
         books.of("attempts").push_back(call);
       }},
      {"disagreement on the answer", "reconciled", "disagree",
       [](Books& books) { find(books.of("attempts"), "payment", "pay-key-8")["status"] = "declined"; }},
      {"recorded twice", "reconciled", "recorded more than once",
       [](Books& books) { books.of("attempts").push_back(books.of("attempts").front()); }},
      {"matched late", "reconciled", "matched late",
       [](Books& books) {
         auto& call = find(books.of("attempts"), "payment", "pay-key-8");
         call["created_at_ms"] = call["created_at_ms"].as_int64() - 3'600'000;
       }},
  });
}

TEST_CASE("what is not a card number of this run") {
  for (const char* harmless :
       {"4000000000010018", "40000000000100191234567", "5500000000000004", "400000 0000 010019"}) {
    Books books = clean_books();
    books.of("payments").back()["note"] = harmless;
    INFO(harmless);
    CHECK(test::BooksDirectory(books).check("no_card_data").outcome == "true");
  }
}

TEST_CASE("digits inside a hash are no card number, next to one they are, wherever a read ends") {
  const std::string hash = "6d97b82ffdeee988506b42af0d6c4000007417609e2180608943934f42ae83a3";
  const test::BooksDirectory run(clean_books());
  const auto outcome_of = [&run](const std::string& said, std::size_t at) {
    std::ofstream(std::filesystem::path(run.directory().path()) / "some.log")
        << std::string(at, '.') + said + std::string(50, '.');
    return run.check("no_card_data").outcome;
  };
  for (std::size_t at = (1U << 18) - hash.size() - 40; at < (1U << 18) + 40; at += 7) {
    INFO("at " << at);
    CHECK(outcome_of(hash, at) == "true");
    CHECK(outcome_of(hash.substr(0, 28) + "4000000000010019", at) == "false");
    CHECK(outcome_of("4000000000010019" + hash.substr(41), at) == "false");
    CHECK(outcome_of("ab4000000000010019cd", at) == "false");
    CHECK(outcome_of(std::string(1U << 19, '4') + "000000000010019", at) == "true");
  }
}

TEST_CASE("a card number in a log or a store is found, one in the vault's own store is not") {
  const test::BooksDirectory run(clean_books());
  const std::filesystem::path root = run.directory().path();
  std::filesystem::create_directories(root / "stack/vault");
  std::ofstream(root / "stack/vault/cards.db") << "4000000000010019";
  CHECK(run.check("no_card_data").outcome == "true");
  std::ofstream(root / "stack/gateway.log") << std::string((1U << 18) - 8, 'x') + "4000000000010019 over two reads";
  const auto finding = run.check("no_card_data");
  CHECK(finding.outcome == "false");
  CHECK_THAT(finding.reason, Catch::Contains("stack/gateway.log"));
}

TEST_CASE("a counterexample is one payment's life on one clock") {
  Books books = clean_books();
  books.add_charge("key-3", "pay-key-3-a2", 1003, "approved");
  const auto finding = test::BooksDirectory(books).check("no_double_charge");
  REQUIRE(finding.counterexamples.size() == 1);
  const json::object& example = finding.counterexamples.front().as_object();
  CHECK(example.at("key").as_string() == "key-3");
  CHECK(example.at("payment").as_string() == "pay-key-3");
  std::string all;
  for (const json::value& row : example.at("life").as_array()) all += std::string(row.as_string()) + "\n";
  for (const char* part :
       {"harness  invoke payment 1003 EUR", "harness  ok payment", "payments  id=pay-key-3", "bank  ",
        "reference=pay-key-3-a1", "reference=pay-key-3-a2", "ledger  ", "events  ", "webhooks  "}) {
    CHECK_THAT(all, Catch::Contains(part));
  }
  // Nobody else's.
  CHECK(all.find("key-4") == std::string::npos);
}
