#include <set>

#include "platform/events/payment_events.hpp"
#include "platform/ledger/book.hpp"
#include "platform/ledger/postings.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/platform_workers/support.hpp"

using namespace tidegate;
using namespace tidegate::platform;

namespace {

struct Books {
  ScratchDirectory scratch;
  std::unique_ptr<Store> store;

  Books() {
    auto opened = open_sqlite_store(scratch.path(), "ledger-0", ledger_migrations());
    REQUIRE(opened.ok());
    store = std::move(*opened);
  }
  ~Books() { store->stop(); }

  Result<void> post(const Envelope& event) {
    return store->run([&](Connection& connection) { return post_event(connection, event); });
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

TEST_CASE("every transfer balances, for every kind and amount") {
  for (const std::int64_t amount : {std::int64_t{1}, std::int64_t{2}, std::int64_t{33}, std::int64_t{34},
                                    std::int64_t{99'999}, std::int64_t{4'000'000'000'000'000'000}}) {
    for (const auto kind : {TransferKind::pending, TransferKind::posted, TransferKind::released}) {
      INFO(to_string(kind) << " " << amount);
      CHECK(balanced(make_transfer(kind, "p", "m", "EUR", amount)));
    }
  }
}

TEST_CASE("a transfer that does not balance is seen as such") {
  Transfer transfer = make_transfer(TransferKind::posted, "p", "m", "EUR", 1000);
  transfer.entries.back().amount += 1;
  CHECK_FALSE(balanced(transfer));
  transfer.entries.clear();
  CHECK_FALSE(balanced(transfer));
  transfer.entries = {{account::fees, Direction::debit, -5}, {account::fees, Direction::credit, -5}};
  CHECK_FALSE(balanced(transfer));
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
  CHECK(books.net(account::merchant_payable) == -(10'001 - 150));
  CHECK(books.net(account::fees) == -150);
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
