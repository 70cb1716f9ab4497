#include "platform/inbox/inbox.hpp"

#include <atomic>

#include "platform/inbox/outbox_source.hpp"
#include "platform/service/wall_clock.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/platform_workers/lossy_bus.hpp"
#include "tests/unit/platform_workers/support.hpp"

using namespace tidegate;
using namespace tidegate::platform;

namespace {

constexpr Migration kEffects[] = {
    {100, "CREATE TABLE effects (number INTEGER PRIMARY KEY, partition INTEGER NOT NULL, sequence INTEGER NOT NULL)"}};

/// One consumer with a real store, the memory bus and a producer that answers over HTTP.
struct Fixture {
  ScratchDirectory scratch;
  FakeProducer producer;
  std::unique_ptr<EventBus> bus = make_memory_bus();
  std::unique_ptr<EventProducer> publisher = std::move(*bus->make_producer("test"));
  PeerDirectory peers{scratch.write_peers({{"gateway.http", producer.address()}})};
  std::unique_ptr<Store> store;
  Progress applied;

  Fixture() { open(); }
  ~Fixture() { store->stop(); }

  void open() {
    std::vector<Migration> migrations(inbox_migrations().begin(), inbox_migrations().end());
    migrations.insert(migrations.end(), std::begin(kEffects), std::end(kEffects));
    auto opened = open_sqlite_store(scratch.path(), "consumer", migrations);
    REQUIRE(opened.ok());
    store = std::move(*opened);
  }

  void reopen() {
    store->stop();
    store.reset();
    open();
  }

  static InboxOptions options() {
    InboxOptions inbox;
    inbox.group = "test";
    inbox.topic = "payments";
    inbox.producer_peer = "gateway.http";
    inbox.producer = "gateway-0";
    inbox.idle_check = std::chrono::milliseconds(20);
    inbox.longest_late = std::chrono::milliseconds(0);
    inbox.retry_after = std::chrono::milliseconds(5);
    return inbox;
  }

  static Result<void> note(Connection& connection, const Envelope& event) {
    auto inserted = connection.execute("INSERT INTO effects (partition, sequence) VALUES (?1, ?2)",
                                       {event.stream.partition, event.sequence});
    if (!inserted) return inserted.error();
    return {};
  }

  std::unique_ptr<Inbox> make_inbox(EventBus& carrier, Apply apply = note, InboxOptions inbox = options()) {
    return std::make_unique<Inbox>(*store, peers, carrier, std::move(inbox), std::move(apply),
                                   [this](const Envelope&) { applied.add(); });
  }

  /// Publishes only; the producer's outbox is told apart. `age`: since the event was committed.
  void publish(int partition, std::int64_t sequence, std::chrono::seconds age = {}) {
    BusRecord record;
    record.topic = "payments";
    record.partition = partition;
    record.value = make_event(partition, sequence).encode();
    record.timestamp_ms = wall_now_ms() - std::chrono::milliseconds(age).count();
    REQUIRE(publisher->publish(record).ok());
  }

  void publish_text(int partition, const std::string& value) {
    BusRecord record;
    record.topic = "payments";
    record.partition = partition;
    record.value = value;
    REQUIRE(publisher->publish(record).ok());
  }

  /// The sequences applied to a partition, in the order of application.
  std::vector<std::int64_t> effects(int partition) {
    std::vector<std::int64_t> sequences;
    auto reader = store->reader();
    REQUIRE(reader.ok());
    REQUIRE((*reader)
                ->query("SELECT sequence FROM effects WHERE partition = ?1 ORDER BY number", {partition},
                        [&](const Row& row) {
                          sequences.push_back(row.integer(0));
                          return true;
                        })
                .ok());
    return sequences;
  }
};

std::vector<std::int64_t> dense(std::int64_t last) {
  std::vector<std::int64_t> numbers;
  for (std::int64_t n = 1; n <= last; ++n) numbers.push_back(n);
  return numbers;
}

}  // namespace

TEST_CASE("the inbox applies in order and skips repeats") {
  Fixture fixture;
  for (const int n : {1, 2, 2, 1, 3, 3}) fixture.publish(5, n);
  auto inbox = fixture.make_inbox(*fixture.bus);
  REQUIRE(inbox->start().ok());
  REQUIRE(fixture.applied.reaches(3));
  inbox->stop();
  CHECK(fixture.effects(5) == dense(3));
  CHECK(inbox->statistics().applied == 3);
  CHECK(inbox->statistics().repeats == 3);
  CHECK(inbox->statistics().gaps == 0);
}

TEST_CASE("what is more than one transaction takes is applied by the next ones") {
  Fixture fixture;
  for (const int n : {1, 2, 3, 4, 5}) fixture.publish(5, n);
  for (const int n : {1, 2}) fixture.publish(6, n);
  InboxOptions few = Fixture::options();
  few.together = 2;
  auto inbox = fixture.make_inbox(*fixture.bus, Fixture::note, few);
  REQUIRE(inbox->start().ok());
  REQUIRE(fixture.applied.reaches(7));
  inbox->stop();
  CHECK(fixture.effects(5) == dense(5));
  CHECK(fixture.effects(6) == dense(2));
  CHECK(inbox->statistics().refilled == 0);
}

TEST_CASE("a gap is filled from the producer's outbox") {
  Fixture fixture;
  fixture.producer.set_head(5, 8);
  for (const int n : {1, 2, 6, 8}) fixture.publish(5, n);
  fixture.publish(6, 1);
  auto inbox = fixture.make_inbox(*fixture.bus);
  REQUIRE(inbox->start().ok());
  REQUIRE(fixture.applied.reaches(9));
  inbox->stop();
  CHECK(fixture.effects(5) == dense(8));
  CHECK(fixture.effects(6) == dense(1));
  CHECK(inbox->statistics().gaps >= 2);
  CHECK(inbox->statistics().refilled >= 4);
}

TEST_CASE("a long gap is fetched once, however much of what follows is in the bus") {
  Fixture fixture;
  constexpr std::int64_t last = 9'000, lost = 5'000;
  fixture.producer.set_head(5, last);
  for (std::int64_t n = lost + 1; n <= last; ++n) fixture.publish(5, n);
  auto inbox = fixture.make_inbox(*fixture.bus);
  REQUIRE(inbox->start().ok());
  REQUIRE(fixture.applied.reaches(last));
  inbox->stop();
  CHECK(fixture.effects(5) == dense(last));
  CHECK(inbox->statistics().refilled >= lost);
  CHECK(inbox->statistics().refilled < lost + 1'000);  // what one poll brings beyond its room
}

TEST_CASE("a page of an outbox is cut into its events, and what is no such page is refused") {
  const std::string first = make_event(3, 5).encode(), second = make_event(3, 6).encode();
  const StreamId stream = make_event(3, 5).stream;
  for (const std::string& page : {"{\"head\":6,\"events\":[" + first + "," + second + "]}",
                                  "{ \"events\" : [ " + first + " ,\n" + second + " ] , \"head\" : 6 }"}) {
    INFO(page);
    const auto events = events_in(page, stream);
    REQUIRE(events.ok());
    REQUIRE(events->size() == 2);
    CHECK(events->front().encode() == first);
    CHECK(events->back().encode() == second);
  }
  CHECK(events_in(R"({"head":0,"events":[]})", stream)->empty());

  const std::string page = "{\"head\":6,\"events\":[" + first + "," + second + "]}";
  const std::string refused[] = {"",
                                 "no JSON",
                                 "[]",
                                 "{}",
                                 R"({"events":{}})",
                                 R"({"events":[1]})",
                                 R"({"events":[{}]})",
                                 R"({"events":["text"]})",
                                 "{\"events\":[[" + first + "]]}",
                                 page.substr(0, page.size() / 2),
                                 page.substr(0, page.size() - 2),
                                 "{\"events\":[" + first + "," + make_event(4, 6).encode() + "]}"};
  for (const std::string& bad : refused) {
    INFO(bad);
    CHECK_FALSE(events_in(bad, stream).ok());
  }
}

TEST_CASE("a partition waits while its gap cannot be filled; others go on, and the offsets stay behind") {
  Fixture fixture;
  fixture.producer.set_broken(true);
  fixture.producer.set_head(5, 3);
  fixture.publish(5, 3);
  fixture.publish(6, 1);
  auto inbox = fixture.make_inbox(*fixture.bus);
  REQUIRE(inbox->start().ok());
  REQUIRE(fixture.applied.reaches(1));
  CHECK(fixture.effects(5).empty());
  CHECK(fixture.effects(6) == dense(1));
  fixture.producer.set_broken(false);
  REQUIRE(fixture.applied.reaches(4));
  inbox->stop();
  CHECK(fixture.effects(5) == dense(3));
}

TEST_CASE("a lost tail is noticed on a quiet stream") {
  Fixture fixture;
  fixture.publish(5, 1);
  auto inbox = fixture.make_inbox(*fixture.bus);
  REQUIRE(inbox->start().ok());
  REQUIRE(fixture.applied.reaches(1));
  fixture.producer.set_head(5, 4);   // three more were committed, and the bus lost them all
  fixture.producer.set_head(11, 2);  // a stream of which nothing ever arrived
  REQUIRE(fixture.applied.reaches(6));
  inbox->stop();
  CHECK(fixture.effects(5) == dense(4));
  CHECK(fixture.effects(11) == dense(2));
}

TEST_CASE("what is late is waited for, not fetched from the outbox") {
  Fixture fixture;
  InboxOptions options = Fixture::options();
  options.longest_late = std::chrono::minutes(1);
  fixture.publish(5, 1, std::chrono::seconds(50));
  fixture.producer.set_head(5, 3);
  fixture.producer.set_head(11, 1);
  auto inbox = fixture.make_inbox(*fixture.bus, Fixture::note, options);
  REQUIRE(inbox->start().ok());
  REQUIRE(fixture.applied.reaches(1));
  std::this_thread::sleep_for(20 * options.idle_check);
  CHECK(fixture.producer.event_requests() == 0);
  for (const int n : {2, 3}) fixture.publish(5, n);
  fixture.publish(11, 1);
  REQUIRE(fixture.applied.reaches(4));
  inbox->stop();
  CHECK(fixture.producer.event_requests() == 0);
  CHECK(inbox->statistics().gaps == 0);
}

TEST_CASE("events that were late once do not hide a lost tail for good") {
  Fixture fixture;
  InboxOptions options = Fixture::options();
  options.longest_late = std::chrono::milliseconds(100);
  fixture.publish(5, 1, std::chrono::seconds(50));
  fixture.producer.set_head(5, 3);
  auto inbox = fixture.make_inbox(*fixture.bus, Fixture::note, options);
  REQUIRE(inbox->start().ok());
  REQUIRE(fixture.applied.reaches(3));
  inbox->stop();
  CHECK(fixture.effects(5) == dense(3));
}

TEST_CASE("while the bus has more, no stream counts as quiet") {
  Fixture fixture;
  constexpr std::int64_t each = 4000;  // of the partition that the bus hands out first
  for (std::int64_t n = 1; n <= each; ++n) fixture.publish(0, n);
  fixture.publish(5, 1);
  fixture.producer.set_head(0, each);
  fixture.producer.set_head(5, 1);
  const Apply slowly = [](Connection& connection, const Envelope& event) -> Result<void> {
    if (event.sequence % 1000 == 0) std::this_thread::sleep_for(5 * Fixture::options().idle_check);
    return Fixture::note(connection, event);
  };
  auto inbox = fixture.make_inbox(*fixture.bus, slowly);
  REQUIRE(inbox->start().ok());
  REQUIRE(fixture.applied.reaches(each + 1));
  inbox->stop();
  CHECK(fixture.effects(5) == dense(1));
  CHECK(fixture.producer.event_requests() == 0);
  CHECK(inbox->statistics().gaps == 0);
}

TEST_CASE("while its consumer is busy, an inbox leaves everything in the bus, and takes nothing for lost") {
  Fixture fixture;
  fixture.producer.set_head(5, 3);
  for (const int n : {1, 2, 3}) fixture.publish(5, n);
  std::atomic<bool> busy{true};
  Progress asked;
  InboxOptions inbox_options = Fixture::options();
  inbox_options.busy = [&] {
    asked.add();
    return busy.load();
  };
  auto inbox = fixture.make_inbox(*fixture.bus, Fixture::note, inbox_options);
  REQUIRE(inbox->start().ok());
  REQUIRE(asked.reaches(10));  // five times as long as a stream is quiet before its head is asked for
  CHECK(inbox->statistics().applied == 0);
  CHECK(inbox->caught_up_at_ms() == 0);
  busy = false;
  REQUIRE(fixture.applied.reaches(3));
  inbox->stop();
  CHECK(fixture.effects(5) == dense(3));
  CHECK(inbox->statistics().refilled == 0);
}

TEST_CASE("events are applied from the outbox while there is no broker") {
  struct NoBroker final : EventBus {
    Result<std::unique_ptr<EventProducer>> make_producer(const std::string&) override { return closed_error("none"); }
    Result<std::unique_ptr<EventConsumer>> make_consumer(const std::string&, const std::string&, int, int) override {
      return closed_error("none");
    }
  } no_broker;
  Fixture fixture;
  fixture.producer.set_head(5, 700);  // more than one page
  auto inbox = fixture.make_inbox(no_broker);
  REQUIRE(inbox->start().ok());
  REQUIRE(fixture.applied.reaches(700));
  CHECK_FALSE(inbox->connected());
  inbox->stop();
  CHECK(fixture.effects(5) == dense(700));
}

TEST_CASE("records that are no events of the producer are refused and do not stop the rest") {
  Fixture fixture;
  fixture.publish_text(5, "");
  fixture.publish_text(5, "{\"type\":\"payment_created\"}");
  fixture.publish_text(5, make_event(6, 1).encode());  // of another partition
  Envelope foreign = make_event(5, 1);
  foreign.stream.producer = "somebody-else";
  fixture.publish_text(5, foreign.encode());
  fixture.publish(5, 1);
  auto inbox = fixture.make_inbox(*fixture.bus);
  REQUIRE(inbox->start().ok());
  REQUIRE(fixture.applied.reaches(1));
  inbox->stop();
  CHECK(fixture.effects(5) == dense(1));
  CHECK(inbox->statistics().refused == 4);
}

TEST_CASE("a crash between the effect and the offset commit does not repeat the effect") {
  Fixture fixture;
  /// Reads, but its offset commits are lost: what a kill after the transaction looks like to the broker.
  struct NeverCommits final : EventConsumer {
    std::unique_ptr<EventConsumer> inner;
    Result<std::vector<BusRecord>> poll(std::size_t maximum, Nanoseconds limit) override {
      return inner->poll(maximum, limit);
    }
    Result<void> commit(bool) override { return {}; }
  };
  struct Bus final : EventBus {
    EventBus& inner;
    explicit Bus(EventBus& bus) : inner(bus) {}
    Result<std::unique_ptr<EventProducer>> make_producer(const std::string& id) override {
      return inner.make_producer(id);
    }
    Result<std::unique_ptr<EventConsumer>> make_consumer(const std::string& group, const std::string& topic,
                                                         int workers, int index) override {
      auto consumer = std::make_unique<NeverCommits>();
      consumer->inner = std::move(*inner.make_consumer(group, topic, workers, index));
      return std::unique_ptr<EventConsumer>(std::move(consumer));
    }
  } bus(*fixture.bus);

  for (int n = 1; n <= 20; ++n) fixture.publish(5, n);
  auto first = fixture.make_inbox(bus);
  REQUIRE(first->start().ok());
  REQUIRE(fixture.applied.reaches(20));
  first.reset();
  fixture.reopen();
  for (int n = 21; n <= 30; ++n) fixture.publish(5, n);
  auto second = fixture.make_inbox(bus);
  REQUIRE(second->start().ok());
  REQUIRE(fixture.applied.reaches(30));
  second->stop();
  CHECK(fixture.effects(5) == dense(30));
  CHECK(second->statistics().repeats == 20);
}

TEST_CASE("an effect that fails holds up its own stream, and is tried until it succeeds") {
  Fixture fixture;
  std::atomic<int> failures_left{5};
  const Apply sometimes = [&](Connection& connection, const Envelope& event) -> Result<void> {
    auto noted = Fixture::note(connection, event);
    if (event.stream.partition == 5 && event.sequence == 2 && failures_left-- > 0) return internal_error("planted");
    return noted;
  };
  for (const int partition : {4, 5, 6}) {
    for (int n = 1; n <= 3; ++n) fixture.publish(partition, n);
  }
  auto inbox = fixture.make_inbox(*fixture.bus, sometimes);
  REQUIRE(inbox->start().ok());
  REQUIRE(fixture.applied.reaches(9));
  inbox->stop();
  for (const int partition : {4, 5, 6}) CHECK(fixture.effects(partition) == dense(3));
  CHECK(inbox->statistics().failures >= 2);
}

TEST_CASE("exactly once over a bus that drops, repeats and reorders") {
  for (const std::uint64_t seed : {1U, 2U, 3U}) {
    INFO("seed " << seed);
    Fixture fixture;
    constexpr std::int64_t each = 60;
    for (std::int64_t n = 1; n <= each; ++n) {
      for (int partition = 0; partition < kPartitions; ++partition) fixture.publish(partition, n);
    }
    for (int partition = 0; partition < kPartitions; ++partition) fixture.producer.set_head(partition, each);
    LossyOptions lossy_options;
    lossy_options.seed = seed;
    const auto lossy = make_lossy_bus(*fixture.bus, lossy_options);
    auto inbox = fixture.make_inbox(*lossy);
    REQUIRE(inbox->start().ok());
    REQUIRE(fixture.applied.reaches(kPartitions * each));
    inbox->stop();
    for (int partition = 0; partition < kPartitions; ++partition) CHECK(fixture.effects(partition) == dense(each));
    CHECK(inbox->statistics().applied == static_cast<std::uint64_t>(kPartitions * each));
    CHECK(inbox->statistics().repeats > 0);
    CHECK(inbox->statistics().gaps > 0);
  }
}
