// The relay: at least once, in order, never with a hole.

#include "tests/unit/platform_gateway/outbox_support.hpp"
#include "tests/unit/platform_gateway/scratch.hpp"

namespace tidegate::platform {
namespace {

using test::OutboxStore;
using test::ScratchDirectory;
using test::wait_until;
using test::WatchedBus;
using test::without_holes;

constexpr Nanoseconds kLimit = std::chrono::seconds(10);

void append_some(OutboxStore& opened, int from, int to) {
  for (int i = from; i < to; ++i) opened.append("pay_" + std::to_string(i));
}

std::size_t distinct(const WatchedBus& bus) {
  std::size_t count = 0;
  for (auto& [partition, numbers] : bus.sequences()) {
    auto sorted = numbers;
    std::sort(sorted.begin(), sorted.end());
    count += static_cast<std::size_t>(std::unique(sorted.begin(), sorted.end()) - sorted.begin());
  }
  return count;
}

TEST_CASE("relay: publishes what is committed, in order, and nothing that was rolled back") {
  const ScratchDirectory scratch;
  OutboxStore opened(scratch.path());
  WatchedBus bus;
  REQUIRE(opened.outbox->start_relay(bus).ok());
  for (int i = 0; i < 200; ++i) opened.append("pay_" + std::to_string(i), i % 4 == 0);
  wait_until([&] { return bus.published() == 150; });
  CHECK(opened.outbox->depth() == 0);
  opened.outbox->stop_relay(kLimit);
  CHECK(bus.published() == 150);
  CHECK(without_holes(bus.sequences()));
  const auto record = bus.state->records.begin()->second.front();
  const auto event = Envelope::decode(record.value);
  REQUIRE(event.ok());
  CHECK(record.topic == "payments");
  CHECK(record.key == event->payment);
  CHECK(record.partition == event->stream.partition);
  CHECK(record.timestamp_ms == event->occurred_at_ms);
}

TEST_CASE("relay: after an orderly end nothing is published twice, new events go on") {
  const ScratchDirectory scratch;
  WatchedBus bus;
  for (int process = 0; process < 3; ++process) {
    OutboxStore opened(scratch.path());
    CHECK(opened.outbox->depth() == 0);
    REQUIRE(opened.outbox->start_relay(bus).ok());
    append_some(opened, process * 50, process * 50 + 50);
    opened.outbox->stop_relay(kLimit);
  }
  CHECK(bus.published() == 150);
  CHECK(without_holes(bus.sequences()));
}

TEST_CASE("relay: after a crash the unacknowledged are published again, and nothing is missing") {
  const ScratchDirectory scratch;
  WatchedBus bus;
  bus.state->acknowledges = false;
  {
    OutboxStore opened(scratch.path());
    REQUIRE(opened.outbox->start_relay(bus).ok());
    append_some(opened, 0, 60);
    wait_until([&] { return bus.published() == 60; });
    opened.outbox->stop_relay(Nanoseconds{0});
  }
  bus.state->acknowledges = true;
  OutboxStore opened(scratch.path());
  CHECK(opened.outbox->depth() == 60);
  append_some(opened, 60, 70);
  REQUIRE(opened.outbox->start_relay(bus).ok());
  wait_until([&] { return bus.published() == 130; });
  CHECK(opened.outbox->depth() == 0);
  CHECK(without_holes(bus.sequences()));
  CHECK(distinct(bus) == 70);
}

TEST_CASE("relay: events committed before the bus is there are not lost") {
  const ScratchDirectory scratch;
  OutboxStore opened(scratch.path());
  WatchedBus bus;
  bus.state->has_broker = false;
  REQUIRE(opened.outbox->start_relay(bus).ok());
  CHECK_FALSE(opened.outbox->relay_running());
  append_some(opened, 0, 30);
  CHECK(opened.outbox->depth() == 30);
  bus.state->has_broker = true;
  wait_until([&] { return bus.published() == 30; });
  CHECK(opened.outbox->relay_running());
  CHECK(without_holes(bus.sequences()));
}

TEST_CASE("relay: a queue that overflowed is made good from the table") {
  const ScratchDirectory scratch;
  OutboxStore opened(scratch.path());
  // More than the relay keeps in memory, in one unit for speed.
  constexpr int kEvents = 20'200;
  std::vector<Envelope> events(kEvents);
  const auto done = opened.store->run([&](Connection& connection) -> Result<void> {
    for (int i = 0; i < kEvents; ++i) {
      Envelope& event = events[static_cast<std::size_t>(i)];
      event.type = "payment_created";
      event.payment = "pay_" + std::to_string(i);
      event.tenant = "mer_000001";
      if (auto appended = opened.outbox->append(connection, event); !appended) return appended;
    }
    return {};
  });
  REQUIRE(done.ok());
  for (const Envelope& event : events) opened.outbox->committed(event);
  CHECK(opened.outbox->depth() == kEvents);
  WatchedBus bus;
  REQUIRE(opened.outbox->start_relay(bus).ok());
  wait_until([&] { return opened.outbox->depth() == 0; });
  CHECK(bus.published() == kEvents);
  CHECK(without_holes(bus.sequences()));
}

TEST_CASE("relay: a bus that refuses delays events, shows in the depth, and loses nothing") {
  const ScratchDirectory scratch;
  OutboxStore opened(scratch.path());
  WatchedBus bus;
  REQUIRE(opened.outbox->start_relay(bus).ok());
  append_some(opened, 0, 10);
  wait_until([&] { return bus.published() == 10; });
  bus.state->accepts = false;
  append_some(opened, 10, 30);
  wait_until([&] { return bus.state->refusals > 0; });
  CHECK(opened.outbox->depth() == 20);
  bus.state->accepts = true;
  wait_until([&] { return opened.outbox->depth() == 0 && distinct(bus) == 30; });
  CHECK(without_holes(bus.sequences()));
}

TEST_CASE("relay: a replaced broker gets a new producer and what the old one had not acknowledged") {
  const ScratchDirectory scratch;
  OutboxStore opened(scratch.path());
  WatchedBus bus;
  bus.state->acknowledges = false;
  REQUIRE(opened.outbox->start_relay(bus).ok());
  append_some(opened, 0, 20);
  wait_until([&] { return bus.published() == 20; });
  {
    const std::lock_guard lock(bus.state->mutex);
    bus.state->sequences.clear();  // the new broker is empty
  }
  bus.state->acknowledges = true;
  bus.state->generation = 2;
  append_some(opened, 20, 21);
  wait_until([&] { return distinct(bus) == 21; });
  CHECK(bus.producers() == 2);
  CHECK(without_holes(bus.sequences()));
}

TEST_CASE("relay: stopping keeps to its limit when the bus refuses everything") {
  const ScratchDirectory scratch;
  WatchedBus bus;
  {
    OutboxStore opened(scratch.path());
    bus.state->accepts = false;
    REQUIRE(opened.outbox->start_relay(bus).ok());
    append_some(opened, 0, 5);
    wait_until([&] { return bus.state->refusals > 0; });
    opened.outbox->stop_relay(std::chrono::milliseconds(50));
    opened.outbox->stop_relay(std::chrono::milliseconds(50));
  }
  OutboxStore opened(scratch.path());
  CHECK(opened.outbox->depth() == 5);
}

}  // namespace
}  // namespace tidegate::platform
