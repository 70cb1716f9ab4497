// Notes of the operation history, from the pen back to records.

#include "loadgen/operation_notes.hpp"

#include "tests/support/catch.hpp"

namespace tidegate::loadgen {
namespace {

using record::Operation;
using record::OperationEvent;

OperationMark payment_mark() {
  OperationMark mark;
  mark.same.set_kind("payment");
  return mark;
}

OperationDescription described(const OperationMark& mark, std::string_view key) {
  OperationDescription description;
  description.mark = &mark;
  description.block = 2;
  description.step = 3;
  description.repeat = true;
  description.iteration = 7'000'000'000;
  description.scope = 0xfeed'0000'0000'beef;
  description.amount = -1'250;
  description.key = key;
  description.currency = "EUR";
  return description;
}

std::vector<Operation> taken(OperationPen& pen, OperationReading& reading) {
  std::vector<Operation> operations;
  reading.read(pen.exchange({}),
               [&](std::span<const Operation> part) { operations.insert(operations.end(), part.begin(), part.end()); });
  return operations;
}

TEST_CASE("every attempt carries what described its operation") {
  const OperationMark mark = payment_mark();
  OperationPen pen;
  OperationReading reading;
  pen.describe(0, described(mark, "k-1"));
  pen.invoke(0, Nanoseconds(10), 1, 77);
  pen.complete(0, Nanoseconds(20), OperationEvent::unknown, 504, {});
  pen.invoke(0, Nanoseconds(30), 2, 77);
  pen.complete(0, Nanoseconds(40), OperationEvent::ok, 201, "pay_1");
  const auto operations = taken(pen, reading);
  REQUIRE(operations.size() == 4);
  for (const Operation& operation : operations) {
    CHECK(operation.kind_text() == "payment");
    CHECK(operation.currency_text() == "EUR");
    CHECK(operation.key_text() == "k-1");
    CHECK(operation.block == 2);
    CHECK(operation.step == 3);
    CHECK(operation.repeat);
    CHECK_FALSE(operation.truncated);
    CHECK(operation.iteration == 7'000'000'000);
    CHECK(operation.scope == 0xfeed'0000'0000'beef);
    CHECK(operation.amount == -1'250);
    CHECK(operation.body == 77);
  }
  CHECK(operations[0].event == OperationEvent::invoke);
  CHECK(operations[0].status == 0);
  CHECK(operations[0].time == Nanoseconds(10));
  CHECK(operations[1].event == OperationEvent::unknown);
  CHECK(operations[1].status == 504);
  CHECK(operations[1].id_text().empty());
  CHECK(operations[2].attempt == 2);
  CHECK(operations[2].id_text().empty());
  CHECK(operations[3].event == OperationEvent::ok);
  CHECK(operations[3].attempt == 2);
  CHECK(operations[3].time == Nanoseconds(40));
  CHECK(operations[3].id_text() == "pay_1");
  CHECK(taken(pen, reading).empty());
}

TEST_CASE("an operation described in earlier notes is known in later ones, and players do not mix") {
  const OperationMark mark = payment_mark();
  OperationPen pen;
  OperationReading reading;
  pen.describe(0, described(mark, "first"));
  pen.describe(5, described(mark, "fifth"));
  pen.invoke(5, Nanoseconds(1), 1, 0);
  CHECK(taken(pen, reading).size() == 1);
  pen.invoke(0, Nanoseconds(2), 1, 0);
  pen.complete(5, Nanoseconds(3), OperationEvent::ok, 200, {});
  pen.describe(5, described(mark, "fifth again"));
  pen.complete(0, Nanoseconds(4), OperationEvent::fail, 422, {});
  pen.invoke(5, Nanoseconds(5), 1, 0);
  const auto operations = taken(pen, reading);
  REQUIRE(operations.size() == 4);
  CHECK(operations[0].key_text() == "first");
  CHECK(operations[1].key_text() == "fifth");
  CHECK(operations[2].key_text() == "first");
  CHECK(operations[2].event == OperationEvent::fail);
  CHECK(operations[3].key_text() == "fifth again");
}

TEST_CASE("texts that do not fit are cut and marked") {
  const OperationMark mark = payment_mark();
  struct Row {
    std::size_t key, id;
    std::string_view currency;
    bool truncated;
  };
  for (const Row& row : {Row{64, 48, "EURX", false}, Row{65, 1, "EUR", true}, Row{1, 49, "EUR", true},
                         Row{1, 1, "EUROS", true}, Row{5'000, 5'000, "EUR", true}}) {
    CAPTURE(row.key, row.id, row.currency);
    const std::string key(row.key, 'k'), id(row.id, 'i');
    OperationPen pen;
    OperationReading reading;
    auto description = described(mark, key);
    description.currency = row.currency;
    pen.describe(0, description);
    pen.complete(0, Nanoseconds(1), OperationEvent::ok, 200, id);
    const auto operations = taken(pen, reading);
    REQUIRE(operations.size() == 1);
    CHECK(operations[0].truncated == row.truncated);
    CHECK(operations[0].key_text() == key.substr(0, 64));
    CHECK(operations[0].id_text() == id.substr(0, 48));
    CHECK(operations[0].currency_text() == row.currency.substr(0, 4));
  }
}

TEST_CASE("whole records and notes keep their order over many blocks, in memory that is used again") {
  const OperationMark mark = payment_mark();
  OperationPen pen;
  OperationReading reading;
  OperationNotes spare;
  std::int64_t expected = 0, written = 0;
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < 4'000; ++i) {
      const auto player = static_cast<std::uint32_t>(i % 50);
      pen.describe(player, described(mark, std::string(static_cast<std::size_t>(i % 64), 'k')));
      pen.invoke(player, Nanoseconds(written++), 1, 0);
      Operation read;
      read.event = OperationEvent::read;
      read.time = Nanoseconds(written++);
      read.set_key("settled");
      pen.add(read);
      pen.complete(player, Nanoseconds(written++), OperationEvent::ok, 201,
                   std::string(static_cast<std::size_t>(i % 48), 'i'));
    }
    OperationNotes notes = pen.exchange(std::move(spare));
    reading.read(notes, [&](std::span<const Operation> part) {
      for (const Operation& operation : part) {
        REQUIRE(operation.time.count() == expected);
        const auto i = static_cast<std::size_t>(expected / 3 % 4'000);
        const bool is_read = operation.event == OperationEvent::read;
        REQUIRE(operation.key_text().size() == (is_read ? 7 : i % 64));
        REQUIRE(operation.id_text().size() == (operation.event == OperationEvent::ok ? i % 48 : 0));
        ++expected;
      }
    });
    notes.clear();
    spare = std::move(notes);
  }
  CHECK(expected == written);
}

}  // namespace
}  // namespace tidegate::loadgen
