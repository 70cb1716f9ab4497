#include "audit/history.hpp"

#include <algorithm>

#include "tests/unit/audit/books.hpp"

using namespace tidegate;
using record::OperationEvent;

namespace {

std::vector<audit::Attempt> attempts_of(const std::vector<record::Operation>& operations) {
  std::vector<audit::Attempt> attempts;
  for (const auto& operation : operations) {
    attempts.push_back(audit::attempt_of(operation, static_cast<std::uint32_t>(attempts.size())));
  }
  std::ranges::sort(attempts, audit::in_key_order);
  return attempts;
}

std::size_t keys_in(const std::vector<record::Operation>& operations) {
  std::size_t count = 0;
  audit::for_each_key(attempts_of(operations), [&count](std::span<const audit::Attempt>) { ++count; });
  return count;
}

}  // namespace

TEST_CASE("the attempts of a key are folded into one fate") {
  struct Row {
    const char* what;
    std::vector<OperationEvent> events;
    audit::Fate fate;
  };
  const std::vector<Row> rows = {
      {"acknowledged", {OperationEvent::invoke, OperationEvent::ok}, audit::Fate::ok},
      {"refused", {OperationEvent::invoke, OperationEvent::fail}, audit::Fate::fail},
      {"timed out", {OperationEvent::invoke, OperationEvent::unknown}, audit::Fate::unknown},
      {"never completed", {OperationEvent::invoke}, audit::Fate::unknown},
      // The answer to a key is stored: the second attempt's acknowledgement speaks for the first.
      {"timed out, then acknowledged",
       {OperationEvent::invoke, OperationEvent::unknown, OperationEvent::invoke, OperationEvent::ok},
       audit::Fate::ok},
      // The first attempt may still have happened.
      {"timed out, then refused",
       {OperationEvent::invoke, OperationEvent::unknown, OperationEvent::invoke, OperationEvent::fail},
       audit::Fate::unknown},
      {"refused twice",
       {OperationEvent::invoke, OperationEvent::fail, OperationEvent::invoke, OperationEvent::fail},
       audit::Fate::fail},
      {"found out later",
       {OperationEvent::invoke, OperationEvent::unknown, OperationEvent::resolved_ok},
       audit::Fate::ok},
      {"found not to have happened",
       {OperationEvent::invoke, OperationEvent::unknown, OperationEvent::resolved_fail},
       audit::Fate::fail},
      {"acknowledged beats a later refusal",
       {OperationEvent::invoke, OperationEvent::ok, OperationEvent::invoke, OperationEvent::fail},
       audit::Fate::ok},
  };
  for (const Row& row : rows) {
    std::vector<record::Operation> operations;
    for (const OperationEvent event : row.events) operations.push_back(test::operation("k", event));
    INFO(row.what);
    CHECK(audit::fold(attempts_of(operations)).fate == row.fate);
  }
}

TEST_CASE("the same key in two scopes, or for two kinds of operation, is two keys") {
  std::vector<record::Operation> operations(3, test::operation("k", OperationEvent::invoke));
  CHECK(keys_in(operations) == 1);
  operations[1].scope = 7;
  operations[2].set_kind("capture");
  CHECK(keys_in(operations) == 3);
}

TEST_CASE("what two answers to one key differ in") {
  std::vector<record::Operation> operations(2, test::operation("k", OperationEvent::ok));
  CHECK_FALSE(audit::fold(attempts_of(operations)).ids_differ);
  operations[1].set_id("another");
  CHECK(audit::fold(attempts_of(operations)).ids_differ);
  operations[1] = operations[0];
  operations[1].amount = 5;
  CHECK(audit::fold(attempts_of(operations)).bodies_differ);
  operations[1] = operations[0];
  operations[1].event = OperationEvent::fail;
  for (const auto& [status, contradicts] : {std::pair{422, true}, std::pair{402, true}, std::pair{429, false},
                                            std::pair{401, false}, std::pair{0, false}}) {
    operations[1].status = static_cast<std::uint16_t>(status);
    INFO(status);
    CHECK(audit::fold(attempts_of(operations)).contradicted == contradicts);
  }
  // Another body under the key is to be refused, and not to be accepted; of what is not known nothing is said.
  operations[1].status = 422;
  for (const auto& [first, second, same] :
       {std::tuple{7, 7, true}, std::tuple{7, 8, false}, std::tuple{0, 8, true}, std::tuple{7, 0, true}}) {
    INFO(first << " then " << second);
    operations[0].body = static_cast<std::uint32_t>(first);
    operations[1].body = static_cast<std::uint32_t>(second);
    operations[1].event = OperationEvent::fail;
    CHECK(audit::fold(attempts_of(operations)).contradicted == same);
    operations[1].event = OperationEvent::ok;
    CHECK(audit::fold(attempts_of(operations)).bodies_differ != same);
  }
}

TEST_CASE("an unknown outcome is counted from when it became unknown") {
  std::vector<record::Operation> operations = {test::operation("k", OperationEvent::invoke),
                                               test::operation("k", OperationEvent::unknown)};
  CHECK(audit::fold(attempts_of(operations)).unknown_ns == operations[1].time.count());
}

TEST_CASE("a state that was read") {
  record::Operation read = test::operation("captured", OperationEvent::read);
  read.amount = 250;
  const auto seen = audit::observation_of(read);
  REQUIRE(seen.ok());
  CHECK(seen->state == audit::State::captured);
  CHECK(seen->sent_ns == read.time.count() - 250);
  read.set_key("paid");
  CHECK_FALSE(audit::observation_of(read).ok());
}

TEST_CASE("what goes back in time") {
  using audit::State;
  struct Row {
    State known, seen;
    bool back;
  };
  for (const Row& row : std::vector<Row>{{State::captured, State::processing, true},
                                         {State::captured, State::authorized, true},
                                         {State::captured, State::settled, false},
                                         {State::captured, State::refund_pending, false},
                                         {State::refund_pending, State::captured, false},
                                         {State::settled, State::refund_pending, false},
                                         {State::refunded, State::refund_pending, true},
                                         {State::partially_refunded, State::refund_pending, false},
                                         {State::captured, State::declined, true},
                                         {State::declined, State::captured, true},
                                         {State::declined, State::expired, true},
                                         {State::declined, State::declined, false},
                                         {State::captured, State::conflicted, false}}) {
    INFO(to_string(row.known) << " then " << to_string(row.seen));
    CHECK(audit::goes_back(row.known, row.seen) == row.back);
  }
}

TEST_CASE("what the bank holds") {
  using audit::Charge;
  using audit::ChargeKind;
  using audit::ChargeStatus;
  const auto charge = [](const char* reference, std::int64_t amount, ChargeStatus status, ChargeKind kind) {
    Charge one;
    one.reference = audit::identity_of(reference);
    one.amount = amount;
    one.status = status;
    one.kind = kind;
    return one;
  };
  const Charge charged = charge("a", 100, ChargeStatus::approved, ChargeKind::charge);
  // A line that says voided stands for itself; one beside an approved line of its reference takes that back.
  const Charge voided = charge("b", 100, ChargeStatus::voided, ChargeKind::charge);
  const Charge taken_back = charge("a", 100, ChargeStatus::voided, ChargeKind::charge);
  const Charge captured = charge("c", 60, ChargeStatus::approved, ChargeKind::capture);
  const Charge refunded = charge("d", 20, ChargeStatus::approved, ChargeKind::refund);
  CHECK(audit::money_of(std::vector{charged, voided}).held() == 100);
  CHECK(audit::money_of(std::vector{charged, taken_back}).held() == 0);
  CHECK(audit::money_of(std::vector{charged, captured, refunded}).held() == 40);
  CHECK(audit::money_of(std::vector{charged, captured, refunded}).taken() == 100);
}

TEST_CASE("currencies are those of ISO 4217") {
  for (const char* known : {"EUR", "INR", "JPY", "ZWG", "AED"}) CHECK(audit::currency_from(known));
  for (const char* unknown : {"EUX", "eur", "EURO", "EU", "", "XXX"}) CHECK_FALSE(audit::currency_from(unknown));
  CHECK(audit::currency_text(*audit::currency_from("CHF")) == "CHF");
}
