// Goal: no false alarm, and no fault that slips through or is blamed on the wrong thing.
// Method: seeded random histories of a system that is right (10,000), which every checker must pass; and as many with
// one random change (10,000), which the one checker that is about it must find, and no other. Cases are cut into
// tenths, so that ctest plays them side by side. Run: bin/tests/slow_audit_random
#include <functional>

#include "base/random.hpp"
#include "tests/unit/audit/books.hpp"

using namespace tidegate;
using record::OperationEvent;
using test::Books;
using test::operation;

namespace {

constexpr std::uint64_t kPerCase = 1000;

void add_trouble(Books& books, Draws& draws, const std::string& key, std::int64_t amount) {
  switch (draws.between(0, 3)) {
    case 0:  // a repeat, answered with the stored result
      books.acknowledge(key, amount);
      break;
    case 1:  // an attempt before that never arrived, or whose answer was lost
      books.operations.push_back(operation(key, OperationEvent::invoke, amount));
      books.operations.push_back(operation(key, OperationEvent::unknown, amount));
      break;
    case 2:  // not now
      books.operations.push_back(operation(key, OperationEvent::invoke, amount));
      books.operations.push_back(operation(key, OperationEvent::fail, amount));
      books.operations.back().status = 429;
      break;
    default:
      break;
  }
}

void add_payment(Books& books, Draws& draws, const std::string& key) {
  const std::int64_t amount = draws.between(100, 500'000);
  switch (draws.between(0, 9)) {
    case 0:
      books.add_declined(key, amount);
      break;
    case 1:
      books.add_refused(key);
      return;
    case 2:
    case 3:
      books.add_partial(key, amount);
      break;
    case 4: {  // refused by everybody after a timeout: resolved as not having happened
      books.operations.push_back(operation(key, OperationEvent::invoke, amount));
      books.operations.push_back(operation(key, OperationEvent::unknown, amount));
      books.operations.push_back(operation(key, OperationEvent::resolved_fail, amount));
      return;
    }
    case 5: {  // still to be captured, or given up
      books.acknowledge(key, amount);
      const bool cancelled = draws.between(0, 1) == 1;
      books.add_payment(key, amount, cancelled ? "cancelled" : "authorized");
      books.add_event(key, "payment_created");
      books.add_charge(key, "pay-" + key + "-a1", amount, cancelled ? "voided" : "approved");
      books.add_event(key, "payment_authorized");
      if (cancelled) books.add_event(key, "payment_cancelled");
      break;
    }
    default:
      books.add_captured(key, amount);
      books.add_read(key, "processing");
      if (draws.between(0, 1) == 1) books.add_read(key, "captured");
      break;
  }
  add_trouble(books, draws, key, amount);
}

void add_wallets(Books& books, Draws& draws) {
  std::int64_t balance = 0;
  for (std::int64_t i = draws.between(2, 5); i > 0; --i) {
    const std::int64_t amount = draws.between(1, 1000);
    const bool debit = balance >= amount && draws.between(0, 1) == 1;
    balance += debit ? -amount : amount;
    books.add_wallet_entry("w1", debit, amount);
  }
}

Books random_books(std::uint64_t seed) {
  Draws draws(seed, 1, 0);
  Books books;
  books.terms.staleness = Nanoseconds(0);
  for (const char* key : {"always", "declined-always"}) {
    if (key[0] == 'a') {
      books.add_captured(key, draws.between(100, 9999));
    } else {
      books.add_declined(key, draws.between(100, 9999));
    }
  }
  books.add_partial("partial-always", draws.between(1000, 9999));
  books.add_read("always", "captured");
  const std::int64_t count = draws.between(2, 7);
  for (std::int64_t i = 0; i < count; ++i)
    add_payment(books, draws,
                "k" + std::to_string(draws.between(0, 1 << 20)) + std::string(static_cast<std::size_t>(i), 'x'));
  add_wallets(books, draws);
  books.chain_audit_log();
  return books;
}

struct Mutation {
  const char* what;
  const char* checker;
  std::function<void(Books&, Draws&)> apply;
};

json::object& any(std::vector<json::object>& records, Draws& draws) {
  return records[static_cast<std::size_t>(draws.between(0, static_cast<std::int64_t>(records.size()) - 1))];
}

std::string any_text(std::vector<json::object>& records, Draws& draws, const char* member) {
  return std::string(any(records, draws).at(member).as_string());
}

/// The key of a random payment in a captured state.
std::string captured_key(Books& books, Draws& draws) {
  for (;;) {
    const json::object& payment = any(books.of("payments"), draws);
    const auto status = payment.at("status").as_string();
    if (status == "captured" || status == "partially_refunded") return std::string(payment.at("key").as_string());
  }
}

std::int64_t amount_of(Books& books, const std::string& key) {
  return test::find(books.of("payments"), "key", key).at("amount").as_int64();
}

const std::vector<Mutation>& mutations() {
  static const std::vector<Mutation> list = {
      {"an acknowledged payment is gone", "no_lost_acks",
       [](Books& books, Draws& draws) {
         const std::string key = any_text(books.of("payments"), draws, "key");
         test::remove_where(books.of("payments"), "key", key);
         test::remove_where(books.of("bank"), "client_key", key);
         test::remove_where(books.of("attempts"), "payment", "pay-" + key);
         test::remove_where(books.of("ledger"), "payment", "pay-" + key);
       }},
      {"the bank forgot", "no_lost_acks",
       [](Books& books, Draws& draws) {
         const std::string key = captured_key(books, draws);
         test::remove_where(books.of("bank"), "client_key", key);
         test::remove_where(books.of("attempts"), "payment", "pay-" + key);
       }},
      {"the ledger forgot", "no_lost_acks",
       [](Books& books, Draws& draws) {
         test::remove_where(books.of("ledger"), "payment", "pay-" + captured_key(books, draws));
       }},
      {"acknowledged with another amount", "no_lost_acks",
       [](Books& books, Draws& draws) {
         const std::string key = any_text(books.of("payments"), draws, "key");
         for (auto& one : books.operations) {
           if (one.key_text() == key) one.amount += 1;
         }
       }},
      {"a second payment for a key", "no_double_charge",
       [](Books& books, Draws& draws) {
         const std::string key = any_text(books.of("payments"), draws, "key");
         books.add_payment("second", amount_of(books, key), "declined")["key"] = key;
         books.chain_audit_log();
       }},
      {"charged again", "no_double_charge",
       [](Books& books, Draws& draws) {
         const std::string key = captured_key(books, draws);
         books.add_charge(key, "pay-" + key + "-again", amount_of(books, key), "approved");
       }},
      {"one capture applied twice", "no_double_charge",
       [](Books& books, Draws&) {
         json::object again = test::find(books.of("bank"), "reference", "pay-partial-always-c2");
         again["amount"] = 1;
         test::find(books.of("bank"), "reference", "pay-partial-always-c2")["amount"] = 1;
         test::find(books.of("attempts"), "reference", "pay-partial-always-c2")["amount"] = 1;
         again["sequence"] = static_cast<std::int64_t>(books.of("bank").size()) + 1;
         books.of("bank").push_back(again);
         books.exports.erase("attempts");  // a reference twice on the statement is the reconciliation's business too
       }},
      {"charged for nobody", "no_phantom",
       [](Books& books, Draws& draws) {
         books.add_charge("nobody", "pay-nobody-a1", draws.between(1, 999), "approved");
       }},
      {"charged though declined", "no_phantom",
       [](Books& books, Draws& draws) {
         books.add_charge("declined-always", "pay-declined-always-a2",
                          draws.between(1, amount_of(books, "declined-always")), "approved");
       }},
      {"an outcome stayed open", "unknown_resolved",
       [](Books& books, Draws& draws) {
         books.operations.push_back(operation("open-" + std::to_string(draws.between(0, 99)), OperationEvent::invoke));
         if (draws.between(0, 1) == 1)
           books.operations.push_back(
               operation(std::string(books.operations.back().key_text()), OperationEvent::unknown));
       }},
      {"one cent moved", "ledger_balanced",
       [](Books& books, Draws& draws) {
         json::object& entry = any(books.of("ledger"), draws);
         entry["amount"] = entry["amount"].as_int64() + 1;
       }},
      {"a transfer posted again", "ledger_balanced",
       [](Books& books, Draws&) {
         const std::int64_t amount = amount_of(books, "always");
         books.add_transfer("t-again", "pay-always", "posted",
                            {{"bank-settlement", -amount}, {"merchant-payable", amount}});
       }},
      {"a fee that nobody owed", "ledger_balanced",
       [](Books& books, Draws& draws) {
         const std::int64_t fee = draws.between(1, 50);
         books.add_transfer("t-fee", "pay-" + captured_key(books, draws), "posted",
                            {{"bank-settlement", -fee}, {"fees", fee}});
       }},
      {"a wallet overdrawn", "no_overdraft",
       [](Books& books, Draws& draws) { books.add_wallet_entry("w1", true, draws.between(5001, 9000)); }},
      {"a lost update in a wallet", "no_overdraft",
       [](Books& books, Draws& draws) {
         json::object& entry = any(books.of("wallets"), draws);
         entry["balance"] = entry["balance"].as_int64() + draws.between(1, 9);
       }},
      {"events of a payment in another order", "per_key_order",
       [](Books& books, Draws& draws) {
         const std::string payment = "pay-" + captured_key(books, draws);
         json::object* created = nullptr;
         for (json::object& event : books.of("events")) {
           if (event.at("payment").as_string() != std::string_view(payment)) continue;
           if (created == nullptr) {
             created = &event;
           } else if (event.at("type").as_string() == "payment_captured") {
             std::swap(event["type"], (*created)["type"]);
             for (json::object& webhook : books.of("webhooks")) {
               if (webhook["event"] == event["id"]) webhook["event"] = (*created)["id"];
             }
             return;
           }
         }
       }},
      {"a hole in a stream", "per_key_order",
       [](Books& books, Draws& draws) {
         // One that has others of its stream before and behind it.
         auto& events = books.of("events");
         for (;;) {
           const json::object& event = any(events, draws);
           const std::int64_t sequence = event.at("sequence").as_int64();
           std::int64_t last = 0;
           for (const json::object& other : events) {
             if (other.at("stream") == event.at("stream")) last = std::max(last, other.at("sequence").as_int64());
           }
           if (sequence == 1 || sequence == last) continue;
           const std::string id(event.at("id").as_string());
           test::remove_where(books.of("applied-ledger"), "event", id);
           test::remove_where(books.of("webhooks"), "event", id);
           test::remove_where(events, "id", id);
           return;
         }
       }},
      {"an event applied twice", "exactly_once_effect",
       [](Books& books, Draws& draws) {
         const json::object again = any(books.of("applied-ledger"), draws);
         books.of("applied-ledger").push_back(again);
       }},
      {"an event never applied", "exactly_once_effect",
       [](Books& books, Draws& draws) {
         test::remove_where(books.of("applied-ledger"), "event", any_text(books.of("applied-ledger"), draws, "event"));
       }},
      {"a stale read", "no_stale_terminal",
       [](Books& books, Draws& draws) {
         books.add_read("always", draws.between(0, 1) == 1 ? "processing" : "authorized");
       }},
      {"a key answered with another id", "replay_stored",
       [](Books& books, Draws& draws) {
         const std::string key = any_text(books.of("payments"), draws, "key");
         books.acknowledge(key, amount_of(books, key));
         books.operations.back().set_id("pay-another");
       }},
      {"another amount accepted under a key", "replay_stored",
       [](Books& books, Draws& draws) {
         const std::string key = any_text(books.of("payments"), draws, "key");
         books.acknowledge(key, amount_of(books, key) + draws.between(1, 99));
       }},
      {"a webhook lost", "webhooks_delivered",
       [](Books& books, Draws& draws) {
         test::remove_where(books.of("webhooks"), "event", any_text(books.of("webhooks"), draws, "event"));
       }},
      {"a webhook forged", "webhooks_delivered",
       [](Books& books, Draws& draws) {
         json::object forged = any(books.of("webhooks"), draws);
         forged["signature"] = draws.between(0, 1) == 1 ? "wrong" : "stale";
         books.of("webhooks").push_back(forged);
       }},
      {"a record of the audit log rewritten", "audit_chain",
       [](Books& books, Draws& draws) { any(books.of("audit-log"), draws)["type"] = "nothing_happened"; }},
      {"a record of the audit log removed", "audit_chain",
       [](Books& books, Draws& draws) {
         auto& log = books.of("audit-log");
         log.erase(log.begin() + draws.between(0, static_cast<std::int64_t>(log.size()) - 2));
       }},
      {"a card number in an export", "no_card_data",
       [](Books& books, Draws& draws) { any(books.of("payments"), draws)["note"] = "4000000000010019"; }},
      {"an amount that the statement does not show", "reconciled",
       [](Books& books, Draws& draws) {
         json::object& call = any(books.of("attempts"), draws);
         call["amount"] = call["amount"].as_int64() + 1;
       }},
      {"a line that the platform never recorded", "reconciled",
       [](Books& books, Draws& draws) {
         test::remove_where(books.of("attempts"), "reference", any_text(books.of("attempts"), draws, "reference"));
       }},
  };
  return list;
}

void check_valid(std::uint64_t tenth) {
  test::BooksDirectory run;
  for (std::uint64_t seed = tenth * kPerCase; seed < (tenth + 1) * kPerCase; ++seed) {
    run.write(random_books(seed));
    for (const auto& finding : run.check_all({1, 200'000})) {
      if (finding.outcome == "true") continue;
      INFO("seed " << seed << ", " << finding.checker << ": " << finding.reason);
      REQUIRE(finding.outcome == "true");
    }
  }
}

void check_mutated(std::uint64_t tenth) {
  test::BooksDirectory run;
  for (std::uint64_t seed = tenth * kPerCase; seed < (tenth + 1) * kPerCase; ++seed) {
    const Mutation& mutation = mutations()[seed % mutations().size()];
    Books books = random_books(seed);
    Draws draws(seed, 2, 0);
    mutation.apply(books, draws);
    run.write(books);
    for (const auto& finding : run.check_all({1, 200'000})) {
      const bool blamed = finding.checker == mutation.checker;
      const bool right = blamed ? finding.outcome == "false" : finding.outcome != "false";
      if (right) continue;
      INFO("seed " << seed << ", " << mutation.what << "; " << finding.checker << " is " << finding.outcome << ": "
                   << finding.reason);
      REQUIRE(right);
    }
  }
}

}  // namespace

#define RANDOM_TENTH(number)                                                     \
  TEST_CASE("random valid histories pass, tenth " #number) {                     \
    check_valid(number);                                                         \
  }                                                                              \
  TEST_CASE("random changes are found by their checker alone, tenth " #number) { \
    check_mutated(number);                                                       \
  }

RANDOM_TENTH(0)
RANDOM_TENTH(1)
RANDOM_TENTH(2)
RANDOM_TENTH(3)
RANDOM_TENTH(4)
RANDOM_TENTH(5)
RANDOM_TENTH(6)
RANDOM_TENTH(7)
RANDOM_TENTH(8)
RANDOM_TENTH(9)
