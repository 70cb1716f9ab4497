#include <set>

#include "platform/events/payment_events.hpp"
#include "platform/events/worker_events.hpp"
#include "platform/ledger/book.hpp"
#include "platform/ledger/postings.hpp"
#include "platform/ledger/wallets.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/platform_workers/support.hpp"

using namespace tidegate;
using namespace tidegate::platform;

namespace {

struct Books {
  ScratchDirectory scratch;
  std::unique_ptr<Store> store;

  Settlement settlement;
  std::vector<Envelope> emitted;

  Books() {
    std::vector<Migration> migrations(ledger_migrations().begin(), ledger_migrations().end());
    migrations.insert(migrations.end(), wallet_migrations().begin(), wallet_migrations().end());
    auto opened = open_sqlite_store(scratch.path(), "ledger-0", migrations);
    REQUIRE(opened.ok());
    store = std::move(*opened);
  }
  ~Books() { store->stop(); }

  Result<void> post(const Envelope& event) {
    return store->run([&](Connection& connection) { return post_event(connection, event, settlement, emit()); });
  }

  Emit emit() {
    return [this](Envelope event) -> Result<void> {
      emitted.push_back(std::move(event));
      return {};
    };
  }

  /// Types of what was emitted, forgotten then.
  std::vector<std::string> told() {
    std::vector<std::string> types;
    for (const Envelope& event : std::exchange(emitted, {})) types.push_back(event.type);
    return types;
  }

  json::array entries() {
    auto reader = store->reader();
    REQUIRE(reader.ok());
    std::int64_t last = 0;
    auto items = read_entries(**reader, 0, 1'000'000, 100'000, last);
    REQUIRE(items.ok());
    return *items;
  }

  /// Net of an account: debits less credits.
  std::int64_t net(std::string_view account) {
    std::int64_t sum = 0;
    for (const json::value& item : entries()) {
      if (item.at("account").as_string() != account) continue;
      const std::int64_t amount = item.at("amount").as_int64();
      sum += item.at("direction").as_string() == "debit" ? amount : -amount;
    }
    return sum;
  }
};

Envelope created(const std::string& payment, std::int64_t amount, const std::string& currency = "EUR") {
  Envelope event = make_event(0, 1, "payment_created");
  event.payment = payment;
  event.data = PaymentCreated{amount, currency, "tok", "key"}.to_data();
  return event;
}

Envelope finished(const std::string& type, const std::string& payment, std::int64_t amount,
                  const std::string& currency = "EUR") {
  Envelope event = make_event(0, 2, type);
  event.payment = payment;
  event.data = PaymentFinished{amount, currency, {}}.to_data();
  return event;
}

Envelope partial(const std::string& type, const std::string& payment, std::int64_t amount, const std::string& reference,
                 bool final_capture = false) {
  Envelope event = finished(type, payment, amount);
  event.data = PaymentFinished{amount, "EUR", {}, reference, 0, final_capture}.to_data();
  return event;
}

Envelope decision(const std::string& type, const std::string& payment) {
  Envelope event = make_event(0, 3, type);
  event.payment = payment;
  event.data = FraudDecision{0, {}}.to_data();
  return event;
}

Envelope payout(const std::string& type, const std::string& id, std::int64_t amount) {
  Envelope event = make_event(0, 4, type);
  event.payment = id;
  event.data = PayoutData{amount, "EUR", "network-01"}.to_data();
  return event;
}

}  // namespace

TEST_CASE("the fee is 1.5 %, halves to the even unit") {
  struct Row {
    std::int64_t amount, fee;
    const char* why;
  };
  const std::vector<Row> rows = {
      {1, 0, "0.015 rounds down"},
      {33, 0, "0.495 rounds down"},
      {34, 1, "0.51 rounds up"},
      {100, 2, "1.5 is a half: to the even 2"},
      {300, 4, "4.5 is a half: to the even 4"},
      {500, 8, "7.5 is a half: to the even 8"},
      {10'000, 150, "no rounding"},
      {9'223'372'036'854'775'807, 138'350'580'552'821'637, "the largest amount does not overflow"},
  };
  for (const Row& row : rows) {
    INFO(row.amount << ": " << row.why);
    CHECK(fee_of(row.amount) == row.fee);
  }
}

TEST_CASE("every transfer of a payment's life balances, whatever the amounts") {
  for (const std::int64_t amount : {std::int64_t{1}, std::int64_t{2}, std::int64_t{33}, std::int64_t{34},
                                    std::int64_t{99'999}, std::int64_t{4'000'000'000'000'000'000}}) {
    INFO(amount);
    Standing standing{"p", "m", "EUR", amount};
    standing.cleared = true;
    CHECK(balanced(begin_payment(standing)));
    const std::int64_t first = (amount + 1) / 2;
    CHECK(balanced(*capture(standing, first, "c1")));
    if (standing.reserved() > 0) CHECK(balanced(*settle(standing, "")));
    if (standing.open() > 0) CHECK(balanced(*release_rest(standing)));
    CHECK(balanced(*refund(standing, first, "r1")));
    CHECK(standing.net() == 0);
    CHECK(standing.reserved() == 0);
    CHECK(standing.settled == 0);
  }
}

TEST_CASE("a transfer that does not balance is seen as such") {
  Standing standing{"p", "m", "EUR", 1000};
  Transfer transfer = *capture(standing, 1000, "");
  transfer.entries.back().amount += 1;
  CHECK_FALSE(balanced(transfer));
  transfer.entries.clear();
  CHECK_FALSE(balanced(transfer));
  transfer.entries = {{"fees", Direction::debit, -5}, {"fees", Direction::credit, -5}};
  CHECK_FALSE(balanced(transfer));
}

TEST_CASE("many small captures cost the merchant what one large one does") {
  Standing many{"p", "m", "EUR", 10'000};
  for (int i = 0; i < 100; ++i) REQUIRE(capture(many, 100, std::to_string(i)).ok());
  Standing one{"p", "m", "EUR", 10'000};
  REQUIRE(capture(one, 10'000, "").ok());
  CHECK(many.net() == one.net());
}

TEST_CASE("the books refuse what would make them wrong") {
  Standing standing{"p", "m", "EUR", 1000};
  CHECK_FALSE(capture(standing, 1001, "c1").ok());
  CHECK_FALSE(capture(standing, 0, "c1").ok());
  REQUIRE(capture(standing, 600, "c1").ok());
  CHECK_FALSE(capture(standing, 401, "c2").ok());
  CHECK_FALSE(refund(standing, 601, "r1").ok());
  CHECK_FALSE(settle(standing, "").ok());  // not cleared
  standing.cleared = true;
  REQUIRE(settle(standing, "").ok());
  CHECK_FALSE(settle(standing, "").ok());  // nothing left
  REQUIRE(release_rest(standing).ok());
  CHECK_FALSE(release_rest(standing).ok());
}

TEST_CASE("a captured payment moves from pending to posted, and the books balance after each step") {
  Books books;
  REQUIRE(books.post(created("p1", 10'001)).ok());
  CHECK(books.net(account::customer_receivable) == 10'001);
  CHECK(books.net(account::merchant_pending) == -10'001);
  REQUIRE(books.post(finished("payment_captured", "p1", 10'001)).ok());
  CHECK(books.net(account::customer_receivable) == 0);
  CHECK(books.net(account::merchant_pending) == 0);
  CHECK(books.net(account::bank_settlement) == 10'001);
  CHECK(books.net(account::reserve) == -(10'001 - 150));
  CHECK(books.net(account::merchant_payable) == 0);
  CHECK(books.net(account::fees) == -150);
}

TEST_CASE("money settles once it is captured and cleared, whichever comes first") {
  for (const bool cleared_first : {false, true}) {
    INFO(cleared_first);
    Books books;
    REQUIRE(books.post(created("p1", 10'000)).ok());
    const Envelope cleared = decision("fraud_cleared", "p1");
    const Envelope captured = finished("payment_captured", "p1", 10'000);
    REQUIRE(books.post(cleared_first ? cleared : captured).ok());
    CHECK(books.net(account::merchant_payable) == 0);
    CHECK(books.told().empty());
    REQUIRE(books.post(cleared_first ? captured : cleared).ok());
    CHECK(books.net(account::merchant_payable) == -9'850);
    CHECK(books.net(account::reserve) == 0);
    CHECK(books.told() == std::vector<std::string>{"ledger_settled"});
  }
}

TEST_CASE("a decision that overtakes its payment is kept") {
  Books books;
  REQUIRE(books.post(decision("fraud_cleared", "p1")).ok());
  REQUIRE(books.post(created("p1", 10'000)).ok());
  REQUIRE(books.post(finished("payment_captured", "p1", 10'000)).ok());
  CHECK(books.net(account::merchant_payable) == -9'850);
}

TEST_CASE("held money does not settle until a person releases it") {
  Books books;
  REQUIRE(books.post(created("p1", 10'000)).ok());
  REQUIRE(books.post(decision("fraud_held", "p1")).ok());
  REQUIRE(books.post(finished("payment_captured", "p1", 10'000)).ok());
  CHECK(books.net(account::merchant_payable) == 0);
  CHECK(books.net(account::reserve) == -9'850);
  REQUIRE(books.post(decision("fraud_cleared", "p1")).ok());
  CHECK(books.net(account::merchant_payable) == -9'850);
}

TEST_CASE("partial captures and refunds, each once, and the rest released") {
  Books books;
  REQUIRE(books.post(created("p1", 10'000)).ok());
  REQUIRE(books.post(decision("fraud_cleared", "p1")).ok());
  for (int i = 0; i < 2; ++i) REQUIRE(books.post(partial("payment_captured", "p1", 4'000, "p1-c1")).ok());
  CHECK(books.net(account::merchant_payable) == -3'940);
  for (int i = 0; i < 2; ++i) REQUIRE(books.post(partial("payment_captured", "p1", 2'000, "p1-c2", true)).ok());
  CHECK(books.net(account::merchant_payable) == -5'910);
  CHECK(books.net(account::customer_receivable) == 0);  // the rest was released
  for (int i = 0; i < 2; ++i) REQUIRE(books.post(partial("payment_refunded", "p1", 1'000, "p1-r1")).ok());
  CHECK(books.net(account::merchant_payable) == -4'925);
  CHECK(books.net(account::fees) == -75);
  CHECK(books.net(account::bank_settlement) == 5'000);
  const std::size_t before = books.entries().size();
  CHECK_FALSE(books.post(partial("payment_refunded", "p1", 5'001, "p1-r2")).ok());
  CHECK_FALSE(books.post(partial("payment_captured", "p1", 1, "p1-c3")).ok());
  CHECK(books.entries().size() == before);
}

TEST_CASE("in batches, only what is due settles, and once") {
  Books books;
  books.settlement.stream = false;
  for (const char* payment : {"p1", "p2", "p3"}) {
    REQUIRE(books.post(created(payment, 10'000)).ok());
    REQUIRE(books.post(finished("payment_captured", payment, 10'000)).ok());
  }
  REQUIRE(books.post(decision("fraud_cleared", "p1")).ok());
  REQUIRE(books.post(decision("fraud_cleared", "p2")).ok());
  REQUIRE(books.post(decision("fraud_held", "p2")).ok());
  CHECK(books.told().empty());
  const auto settle = [&](const std::string& batch) {
    std::int64_t found = -1;
    REQUIRE(books.store
                ->run([&](Connection& connection) -> Result<void> {
                  auto settled = settle_due(connection, batch, 100, books.emit());
                  if (!settled) return settled.error();
                  found = *settled;
                  return {};
                })
                .ok());
    return found;
  };
  CHECK(settle("b1") == 1);
  CHECK(settle("b2") == 0);
  CHECK(books.net(account::merchant_payable) == -9'850);
  CHECK(books.told() == std::vector<std::string>{"ledger_settled"});
}

TEST_CASE("a payout is reserved while it is covered, then paid or returned") {
  Books books;
  REQUIRE(books.post(created("p1", 10'000)).ok());
  REQUIRE(books.post(decision("fraud_cleared", "p1")).ok());
  REQUIRE(books.post(finished("payment_captured", "p1", 10'000)).ok());
  books.told();
  for (int i = 0; i < 2; ++i) REQUIRE(books.post(payout("payout_requested", "po1", 9'000)).ok());
  CHECK(books.told() == std::vector<std::string>{"payout_reserved"});
  REQUIRE(books.post(payout("payout_requested", "po2", 851)).ok());
  CHECK(books.told() == std::vector<std::string>{"payout_refused"});
  CHECK(books.net(account::merchant_payable) == -850);
  for (int i = 0; i < 2; ++i) REQUIRE(books.post(payout("payout_failed", "po1", 9'000)).ok());
  CHECK(books.net(account::merchant_payable) == -9'850);
  CHECK_FALSE(books.post(payout("payout_paid", "po1", 9'000)).ok());  // it failed already
  CHECK_FALSE(books.post(payout("payout_paid", "po9", 1)).ok());      // never reserved
  REQUIRE(books.post(payout("payout_requested", "po3", 9'850)).ok());
  REQUIRE(books.post(payout("payout_paid", "po3", 9'850)).ok());
  CHECK(books.net(account::merchant_payable) == 0);
  CHECK(books.net(account::reserve) == 0);
  CHECK(books.net(account::paid_out) == -9'850);
}

TEST_CASE("a declined payment is released") {
  Books books;
  REQUIRE(books.post(created("p1", 500)).ok());
  REQUIRE(books.post(finished("payment_declined", "p1", 500)).ok());
  CHECK(books.net(account::customer_receivable) == 0);
  CHECK(books.net(account::merchant_pending) == 0);
  CHECK(books.net(account::bank_settlement) == 0);
  CHECK(books.entries().size() == 4);
}

TEST_CASE("per currency, debits equal credits after every transfer of a mixed sequence") {
  Books books;
  const char* currencies[] = {"EUR", "USD", "JPY"};
  for (int i = 0; i < 60; ++i) {
    const std::string payment = "p" + std::to_string(i);
    const std::string currency = currencies[i % 3];
    const std::int64_t amount = 7 + i * 131;
    REQUIRE(books.post(created(payment, amount, currency)).ok());
    if (i % 5 == 0) continue;  // stays pending
    const char* type = i % 4 == 0 ? "payment_declined" : "payment_captured";
    REQUIRE(books.post(finished(type, payment, amount, currency)).ok());
  }
  std::map<std::string, std::int64_t> sums;
  std::int64_t transfer = 0;
  for (const json::value& item : books.entries()) {
    if (item.at("transfer").as_int64() != transfer) {
      for (const auto& [currency, sum] : sums) CHECK(sum == 0);
      transfer = item.at("transfer").as_int64();
    }
    const std::int64_t amount = item.at("amount").as_int64();
    sums[std::string(item.at("currency").as_string())] +=
        item.at("direction").as_string() == "debit" ? amount : -amount;
  }
  CHECK(sums.size() == 3);
  for (const auto& [currency, sum] : sums) CHECK(sum == 0);
}

TEST_CASE("a second event of a kind changes nothing") {
  Books books;
  for (int i = 0; i < 3; ++i) REQUIRE(books.post(created("p1", 500)).ok());
  for (int i = 0; i < 3; ++i) REQUIRE(books.post(finished("payment_captured", "p1", 500)).ok());
  CHECK(books.entries().size() == 2 + 5);
  CHECK(books.net(account::bank_settlement) == 500);
}

TEST_CASE("events that would make the books wrong are refused and leave no trace") {
  struct Row {
    const char* why;
    Envelope event;
  };
  Envelope no_amount = created("new", 1);
  no_amount.data.erase("amount");
  const std::vector<Row> rows = {
      {"captured, never seen", finished("payment_captured", "new", 100)},
      {"declined, never seen", finished("payment_declined", "new", 100)},
      {"released after it was posted", finished("payment_declined", "done", 100)},
      {"another amount", finished("payment_captured", "open", 101)},
      {"another currency", finished("payment_captured", "open", 100, "USD")},
      {"no amount", no_amount},
  };
  Books books;
  REQUIRE(books.post(created("open", 100)).ok());
  REQUIRE(books.post(created("done", 100)).ok());
  REQUIRE(books.post(finished("payment_captured", "done", 100)).ok());
  const std::size_t before = books.entries().size();
  for (const Row& row : rows) {
    INFO(row.why);
    CHECK_FALSE(books.post(row.event).ok());
    CHECK(books.entries().size() == before);
  }
}

TEST_CASE("events of other kinds do not concern the ledger") {
  Books books;
  REQUIRE(books.post(make_event(0, 1, "payment_refund_requested")).ok());
  CHECK(books.entries().empty());
}

namespace {

WalletOutcome move_wallet(Books& books, WalletOperation operation, const std::string& key, std::int64_t amount,
                          const std::string& currency = "INR", const std::string& tenant = "mer_1") {
  WalletOutcome outcome;
  REQUIRE(books.store
              ->run([&](Connection& connection) -> Result<void> {
                auto moved = move_wallet(connection, {operation, tenant, "w1", key, amount, currency}, books.emit());
                if (!moved) return moved.error();
                outcome = *moved;
                return {};
              })
              .ok());
  return outcome;
}

}  // namespace

TEST_CASE("a wallet never falls below zero, and a key moves it once") {
  using Kind = WalletOutcome::Kind;
  using enum WalletOperation;
  Books books;
  CHECK(move_wallet(books, debit, "k0", 1).kind == Kind::insufficient);
  CHECK(move_wallet(books, credit, "k1", 500).balance == 500);
  CHECK(move_wallet(books, credit, "k1", 500).replayed);
  CHECK(move_wallet(books, credit, "k1", 501).kind == Kind::other_body);
  CHECK(move_wallet(books, debit, "k1", 200).balance == 300);  // another route: another scope
  CHECK(move_wallet(books, debit, "k2", 301).kind == Kind::insufficient);
  CHECK(move_wallet(books, credit, "k3", 1, "EUR").kind == Kind::other_currency);
  CHECK(move_wallet(books, credit, "k4", 100).balance == 400);
  CHECK(move_wallet(books, debit, "k2", 301).kind == Kind::insufficient);  // the stored outcome, though it would do now
  CHECK(move_wallet(books, credit, "k1", 7, "INR", "mer_2").balance == 7);  // another tenant's wallet
  CHECK(books.net("wallet/w1") == -407);
  CHECK(books.net(account::wallet_funding) == 407);
  // Each movement with the balance that its client saw; what was refused moved nothing.
  const auto reader = books.store->reader();
  REQUIRE(reader.ok());
  std::int64_t last = 0;
  const auto items = read_wallet_entries(**reader, 0, 1000, 10, last);
  REQUIRE(items.ok());
  std::vector<std::string> shown;
  for (const json::value& item : *items) {
    const json::object& one = item.as_object();
    shown.push_back(string_member(one, "wallet").value() + " " + string_member(one, "direction").value() + " " +
                    std::to_string(integer_member(one, "amount").value()) + " -> " +
                    std::to_string(integer_member(one, "balance").value()));
  }
  CHECK(shown == std::vector<std::string>{"mer_1/w1 credit 500 -> 500", "mer_1/w1 debit 200 -> 300",
                                          "mer_1/w1 credit 100 -> 400", "mer_2/w1 credit 7 -> 7"});
  const auto end = last_wallet_entry(**reader);
  REQUIRE(end.ok());
  CHECK(*end == last);  // an export ends at its point
  const auto rest = read_wallet_entries(**reader, last, 1000, 10, last);
  REQUIRE(rest.ok());
  CHECK(rest->empty());
  CHECK(books.told() ==
        std::vector<std::string>{"wallet_credited", "wallet_debited", "wallet_credited", "wallet_credited"});
}

TEST_CASE("a wallet's request is checked") {
  struct Row {
    const char* why;
    const char* wallet;
    const char* body;
  };
  const std::vector<Row> rows = {{"no amount", "w1", R"({"currency":"EUR"})"},
                                 {"a fraction", "w1", R"({"amount":1.5,"currency":"EUR"})"},
                                 {"zero", "w1", R"({"amount":0,"currency":"EUR"})"},
                                 {"negative", "w1", R"({"amount":-1,"currency":"EUR"})"},
                                 {"too much", "w1", R"({"amount":1000000000000,"currency":"EUR"})"},
                                 {"no currency", "w1", R"({"amount":1})"},
                                 {"a wrong name", "w/1", R"({"amount":1,"currency":"EUR"})"},
                                 {"an empty name", "", R"({"amount":1,"currency":"EUR"})"}};
  for (const Row& row : rows) {
    INFO(row.why);
    const auto command = WalletCommand::from_request(WalletOperation::debit, "mer_1", row.wallet, "k",
                                                     parse_json(row.body)->as_object());
    CHECK_FALSE(command.ok());
  }
}

TEST_CASE("entries come in pages, in commit order, up to one point") {
  Books books;
  for (int i = 0; i < 5; ++i) REQUIRE(books.post(created("p" + std::to_string(i), 10 + i)).ok());
  auto reader = books.store->reader();
  REQUIRE(reader.ok());
  const auto as_of = last_entry(**reader);
  REQUIRE(as_of.ok());
  CHECK(*as_of == 10);
  REQUIRE(books.post(created("later", 10)).ok());
  std::vector<std::int64_t> seen;
  std::int64_t after = 0;
  while (true) {
    std::int64_t last = after;
    const auto page = read_entries(**reader, after, *as_of, 3, last);
    REQUIRE(page.ok());
    if (page->empty()) break;
    for (const json::value& item : *page) seen.push_back(item.at("sequence").as_int64());
    after = last;
  }
  CHECK(seen == std::vector<std::int64_t>{1, 2, 3, 4, 5, 6, 7, 8, 9, 10});
}
