// The numbers of the streams: dense whatever happens to the units of work that take them.

#include "tests/unit/platform_gateway/outbox_support.hpp"
#include "tests/unit/platform_gateway/scratch.hpp"
#include "tests/unit/platform_gateway/store_support.hpp"

namespace tidegate::platform {
namespace {

using test::OutboxStore;
using test::ScratchDirectory;

TEST_CASE("outbox: numbers are dense through rollbacks and restarts") {
  const ScratchDirectory scratch;
  std::map<int, std::int64_t> heads;
  int events = 0;
  for (int process = 0; process < 3; ++process) {
    OutboxStore opened(scratch.path());
    for (int i = 0; i < 40; ++i) {
      const std::string payment = "pay_" + std::to_string(i % 7);
      const bool roll_back = i % 3 == 1;  // also the last before and the first after a restart
      const Envelope event = opened.append(payment, roll_back);
      auto& head = heads[event.stream.partition];
      INFO(process << " " << i);
      REQUIRE(event.sequence == head + 1);
      if (!roll_back) ++head, ++events;
      CHECK(event.stream == StreamId{"gateway-0", "payments", partition_of(payment)});
      CHECK(event.occurred_at_ms > 0);
    }
  }
  OutboxStore opened(scratch.path());
  CHECK(opened.outbox->depth() == static_cast<std::size_t>(events));  // nothing was ever published
  for (const auto& [partition, head] : heads) {
    CHECK(opened.get("gateway-0/payments/" + std::to_string(partition), "").at("head").as_int64() == head);
  }
}

TEST_CASE("outbox: several events in one unit, and a unit of several rolled back") {
  const ScratchDirectory scratch;
  OutboxStore opened(scratch.path());
  // The rolled-back units before and after the good one leave no trace in the numbers.
  for (const auto& [fails, first] : std::vector<std::pair<bool, std::int64_t>>{{true, 1}, {false, 1}, {true, 4}}) {
    const auto done = opened.store->run([&, fails = fails, first = first](Connection& connection) -> Result<void> {
      for (int i = 0; i < 3; ++i) {
        Envelope event;
        event.type = "payment_created";
        event.payment = "pay_1";
        event.tenant = "mer_000001";
        if (auto appended = opened.outbox->append(connection, event); !appended) return appended;
        CHECK(event.sequence == first + i);
      }
      if (fails) return usage_error("no");
      return {};
    });
    CHECK(done.ok() == !fails);
  }
  CHECK(opened.append("pay_1").sequence == 4);
}

TEST_CASE("outbox: an event that is numbered twice, because a neighbour failed, is named by the last") {
  const ScratchDirectory scratch;
  OutboxStore opened(scratch.path());
  test::Outcomes outcomes;
  Envelope stays;
  stays.type = "payment_created";
  stays.payment = "pay_1";
  stays.tenant = "mer_000001";
  {
    test::HeldWriter held(*opened.store);
    // It takes a number and gives it back, but not before the next unit has taken the one behind it.
    bool first_run = true;
    opened.store->submit(
        [&](Connection& connection) -> Result<void> {
          Envelope gone = stays;
          gone.id = "gone";
          if (std::exchange(first_run, false)) return opened.outbox->append(connection, gone);
          return usage_error("no");
        },
        outcomes.expect(1));
    opened.store->submit([&](Connection& connection) { return opened.outbox->append(connection, stays); },
                         outcomes.expect(2));
    opened.store->submit([](Connection&) -> Result<void> { return usage_error("no"); }, outcomes.expect(3));
    held.release();
    outcomes.wait_for(3);
  }
  CHECK(stays.sequence == 1);
  CHECK(stays.id == stays.stream.text() + "/1");
  CHECK(opened.append("pay_1").sequence == 2);
}

TEST_CASE("outbox: an event keeps the id it came with, and gets one that names its place") {
  const ScratchDirectory scratch;
  OutboxStore opened(scratch.path());
  const Envelope named = opened.append("pay_1");
  CHECK(named.id == named.stream.text() + "/1");
  Envelope replayed = named;
  replayed.id = "kept";
  REQUIRE(opened.store->run([&](Connection& connection) { return opened.outbox->append(connection, replayed); }).ok());
  CHECK(replayed.id == "kept");
  CHECK(replayed.sequence == 2);
}

TEST_CASE("outbox: two topics in one database count apart") {
  const ScratchDirectory scratch;
  OutboxStore opened(scratch.path());
  Outbox other(*opened.store, "refunds");
  REQUIRE(other.open().ok());
  opened.append("pay_1");
  opened.append("pay_1");
  Envelope event;
  event.type = "refund_created";
  event.payment = "pay_1";
  event.tenant = "mer_000001";
  REQUIRE(opened.store->run([&](Connection& connection) { return other.append(connection, event); }).ok());
  CHECK(event.sequence == 1);
  CHECK(event.stream.topic == "refunds");
  CHECK(opened.append("pay_1").sequence == 3);
}

TEST_CASE("outbox: serve gives pages and the head") {
  const ScratchDirectory scratch;
  OutboxStore opened(scratch.path());
  for (int i = 0; i < 25; ++i) opened.append("pay_1");
  const std::string path = "gateway-0/payments/" + std::to_string(partition_of("pay_1"));
  struct Case {
    const char* query;
    std::size_t events;
    std::int64_t first;
  };
  const Case cases[] = {
      {"", 0, 0},                    // the head alone
      {"from=1", 25, 1},             // from the beginning
      {"from=1&limit=10", 10, 1},    // a page
      {"from=11&limit=10", 10, 11},  // the next
      {"from=21&limit=10", 5, 21},   // the last, short
      {"from=25", 1, 25},            // the tail
      {"from=26", 0, 0},             // nothing yet
      {"from=1099511627775", 0, 0},  // the last number there can be
      {"from=1&limit=0", 0, 0},      // the head alone, again
  };
  for (const Case& tried : cases) {
    INFO(tried.query);
    const json::object page = opened.get(path, tried.query);
    CHECK(page.at("head").as_int64() == 25);
    const json::array& events = page.at("events").as_array();
    REQUIRE(events.size() == tried.events);
    for (std::size_t i = 0; i < events.size(); ++i) {
      const auto event = Envelope::decode(json::serialize(events[i]));
      REQUIRE(event.ok());
      CHECK(event->sequence == tried.first + static_cast<std::int64_t>(i));
      CHECK(event->payment == "pay_1");
    }
  }
  // A stream without events: head 0.
  const int quiet = (partition_of("pay_1") + 1) % kPartitions;
  CHECK(opened.get("gateway-0/payments/" + std::to_string(quiet), "from=1").at("head").as_int64() == 0);
  // All heads at once, by partition.
  const json::object all = opened.get("gateway-0/payments", "");
  const json::array& heads = all.at("heads").as_array();
  REQUIRE(heads.size() == static_cast<std::size_t>(kPartitions));
  CHECK(heads[static_cast<std::size_t>(partition_of("pay_1"))].as_int64() == 25);
  CHECK(heads[static_cast<std::size_t>(quiet)].as_int64() == 0);
}

TEST_CASE("outbox: serve refuses what is no stream or no number") {
  const ScratchDirectory scratch;
  OutboxStore opened(scratch.path());
  opened.append("pay_1");
  struct Case {
    const char* rest;
    const char* query;
    int status;
  };
  const Case cases[] = {
      {"gateway-1/payments/0", "from=1", 404},   // another database
      {"gateway-0/acquiring/0", "from=1", 404},  // another topic
      {"gateway-0/payments/20", "from=1", 404},  // partitions end at 19
      {"gateway-0/payments/-1", "from=1", 404},
      {"gateway-0/payments/", "from=1", 404},
      {"gateway-0/acquiring", "", 404},
      {"gateway-1/payments", "", 404},
      {"", "from=1", 404},
      {"gateway-0/payments/0/1", "from=1", 404},
      {"gateway-0/payments/0", "from=0", 400},
      {"gateway-0/payments/0", "from=-1", 400},
      {"gateway-0/payments/0", "from=x", 400},
      {"gateway-0/payments/0", "from=", 400},
      {"gateway-0/payments/0", "from=1099511627776", 400},  // beyond the numbers
      {"gateway-0/payments/0", "from=99999999999999999999", 400},
      {"gateway-0/payments/0", "from=1&limit=1001", 400},
      {"gateway-0/payments/0", "from=1&limit=-1", 400},
  };
  for (const Case& tried : cases) {
    INFO(tried.rest << "?" << tried.query);
    opened.get(tried.rest, tried.query, tried.status);
  }
}

}  // namespace
}  // namespace tidegate::platform
