// One contract for every bus: run over the one in memory and over Kafka (the embedded cluster, in this process).

#include "platform/broker/mock_cluster.hpp"
#include "platform/bus/event_bus.hpp"
#include "platform/bus/kafka_feed.hpp"
#include "platform/events/envelope.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/platform_workers/support.hpp"

using namespace tidegate;
using namespace tidegate::platform;

namespace {

struct Carrier {
  std::unique_ptr<MockCluster> cluster;
  std::unique_ptr<EventBus> bus;
};

Carrier make_carrier(const std::string& kind) {
  Carrier carrier;
  if (kind == "memory") {
    carrier.bus = make_memory_bus();
    return carrier;
  }
  ClusterOptions options;
  options.topics = {"payments", "ledger"};
  auto cluster = MockCluster::start(options);
  REQUIRE(cluster.ok());
  carrier.cluster = std::move(*cluster);
  carrier.bus = make_kafka_bus(carrier.cluster->bootstrap());
  return carrier;
}

BusRecord record(int partition, const std::string& value, const std::string& topic = "payments") {
  BusRecord made;
  made.topic = topic;
  made.partition = partition;
  made.key = "key-" + value;
  made.value = value;
  made.timestamp_ms = 1'700'000'000'123;
  return made;
}

std::unique_ptr<EventConsumer> consumer_of(EventBus& bus, const std::string& group, int workers = 1, int index = 0,
                                           const std::string& topic = "payments") {
  auto made = bus.make_consumer(group, topic, workers, index);
  INFO((made.ok() ? "" : made.error().message));
  REQUIRE(made.ok());
  return std::move(*made);
}

/// Polls until `count` records came; fails at the deadline.
std::vector<BusRecord> take(EventConsumer& consumer, std::size_t count) {
  std::vector<BusRecord> records;
  const Nanoseconds deadline = monotonic_now() + kDeadline;
  while (records.size() < count && monotonic_now() < deadline) {
    auto polled = consumer.poll(count - records.size(), std::chrono::milliseconds(50));
    REQUIRE(polled.ok());
    records.insert(records.end(), polled->begin(), polled->end());
  }
  REQUIRE(records.size() == count);
  return records;
}

void publish_all(EventBus& bus, const std::vector<BusRecord>& records) {
  auto producer = bus.make_producer("contract");
  REQUIRE(producer.ok());
  for (const BusRecord& each : records) REQUIRE((*producer)->publish(each).ok());
  REQUIRE((*producer)->flush(kDeadline).ok());
}

}  // namespace

TEST_CASE("a record arrives whole, with offsets from 0 and the producer's time") {
  const std::string kind = GENERATE("memory", "kafka");
  INFO(kind);
  const Carrier carrier = make_carrier(kind);
  const std::string binary("\0{\"a\":1}\xff", 10);
  publish_all(*carrier.bus, {record(3, binary), record(3, "second")});
  auto consumer = consumer_of(*carrier.bus, "g");
  const auto records = take(*consumer, 2);
  CHECK(records[0].topic == "payments");
  CHECK(records[0].partition == 3);
  CHECK(records[0].offset == 0);
  CHECK(records[0].timestamp_ms == 1'700'000'000'123);
  CHECK(records[0].key == "key-" + binary);
  CHECK(records[0].value == binary);
  CHECK(records[1].offset == 1);
}

TEST_CASE("the order within a partition is kept") {
  const std::string kind = GENERATE("memory", "kafka");
  INFO(kind);
  const Carrier carrier = make_carrier(kind);
  std::vector<BusRecord> sent;
  for (int n = 0; n < 400; ++n) sent.push_back(record(n % 4, std::to_string(n)));
  publish_all(*carrier.bus, sent);
  auto consumer = consumer_of(*carrier.bus, "g");
  std::map<int, std::vector<std::string>> have;
  for (const BusRecord& each : take(*consumer, sent.size())) have[each.partition].push_back(each.value);
  std::map<int, std::vector<std::string>> want;
  for (const BusRecord& each : sent) want[each.partition].push_back(each.value);
  CHECK(have == want);
}

TEST_CASE("a consumer resumes after the committed offset; another group starts at the beginning") {
  const std::string kind = GENERATE("memory", "kafka");
  INFO(kind);
  const Carrier carrier = make_carrier(kind);
  publish_all(*carrier.bus, {record(0, "a"), record(0, "b"), record(1, "c")});
  {
    auto consumer = consumer_of(*carrier.bus, "g");
    take(*consumer, 3);
    REQUIRE(consumer->commit(true).ok());
  }
  publish_all(*carrier.bus, {record(0, "d")});
  auto resumed = consumer_of(*carrier.bus, "g");
  CHECK(take(*resumed, 1)[0].value == "d");
  auto other = consumer_of(*carrier.bus, "h");
  CHECK(take(*other, 4).size() == 4);
}

TEST_CASE("groups side by side each get everything from their own place on") {
  const std::string kind = GENERATE("memory", "kafka");
  INFO(kind);
  const Carrier carrier = make_carrier(kind);
  publish_all(*carrier.bus, {record(0, "a"), record(0, "b"), record(1, "c")});
  {
    auto ahead = consumer_of(*carrier.bus, "ahead");
    take(*ahead, 3);
    REQUIRE(ahead->commit(true).ok());
  }
  auto ahead = consumer_of(*carrier.bus, "ahead");    // begins where it was
  auto behind = consumer_of(*carrier.bus, "behind");  // wants what the first one has passed
  CHECK(take(*behind, 3).size() == 3);
  auto level = consumer_of(*carrier.bus, "level");
  publish_all(*carrier.bus, {record(0, "d"), record(1, "e")});
  CHECK(take(*ahead, 2).size() == 2);
  CHECK(take(*behind, 2).size() == 2);
  CHECK(take(*level, 5).size() == 5);
  REQUIRE(ahead->commit(true).ok());
  ahead.reset();  // the others go on without it
  publish_all(*carrier.bus, {record(0, "f")});
  CHECK(take(*behind, 1)[0].value == "f");
  CHECK(take(*level, 1)[0].value == "f");
  REQUIRE(level->commit(true).ok());
  level.reset();
  publish_all(*carrier.bus, {record(0, "g")});
  auto back = consumer_of(*carrier.bus, "level");
  CHECK(take(*back, 1)[0].value == "g");
}

TEST_CASE("topics that are read side by side are apart, and go on when another one ends and begins again") {
  const std::string kind = GENERATE("memory", "kafka");
  INFO(kind);
  const Carrier carrier = make_carrier(kind);
  publish_all(*carrier.bus, {record(0, "a"), record(0, "1", "ledger"), record(1, "2", "ledger")});
  auto payments = consumer_of(*carrier.bus, "g");
  CHECK(take(*payments, 1)[0].value == "a");
  const auto ledger = consumer_of(*carrier.bus, "g", 1, 0, "ledger");
  for (const BusRecord& each : take(*ledger, 2)) CHECK(each.topic == "ledger");
  for (int round = 0; round < 3; ++round) {
    REQUIRE(payments->commit(true).ok());
    payments.reset();
    publish_all(*carrier.bus, {record(0, "b"), record(0, "3", "ledger")});
    CHECK(take(*ledger, 1)[0].offset == 1 + round);
    payments = consumer_of(*carrier.bus, "g");  // it was read by the same client before
    const auto records = take(*payments, 1);
    CHECK(records[0].topic == "payments");
    CHECK(records[0].offset == 1 + round);
  }
  auto nothing = ledger->poll(10, std::chrono::milliseconds(100));
  REQUIRE(nothing.ok());
  CHECK(nothing->empty());
}

TEST_CASE("a client that is shared reads a partition once") {
  const Carrier carrier = make_carrier("kafka");
  const auto reader = KafkaReader::open(carrier.cluster->bootstrap());
  REQUIRE(reader.ok());
  KafkaReader& shared = **reader;
  CHECK(shared.claim("payments", {0, 1}));
  CHECK_FALSE(shared.claim("payments", {1, 2}));
  CHECK(shared.claim("payments", {2}));  // nothing of what was refused is claimed
  CHECK(shared.claim("ledger", {0}));
  shared.release("payments", {0, 1});
  CHECK(shared.claim("payments", {1, 0}));
  shared.retire();
  CHECK_FALSE(shared.claim("ledger", {1}));
  CHECK(shared.check().ok());  // what it reads it goes on reading
}

TEST_CASE(
    "a group that is slower than another of its process misses nothing, and one that stands still holds up nobody") {
  const std::string kind = GENERATE("memory", "kafka");
  INFO(kind);
  const Carrier carrier = make_carrier(kind);
  const auto quick = consumer_of(*carrier.bus, "quick"), slow = consumer_of(*carrier.bus, "slow");
  std::vector<BusRecord> sent;
  for (int n = 0; n < 30'000; ++n) sent.push_back(record(n % 2, std::to_string(n)));
  publish_all(*carrier.bus, sent);
  std::size_t of_quick = 0;
  const auto poll_quick = [&] {
    auto polled = quick->poll(1000, std::chrono::milliseconds(20));
    REQUIRE(polled.ok());
    of_quick += polled->size();
    return !polled->empty();
  };
  const bool shared = kind == "kafka";  // one feed for both
  const Nanoseconds first_deadline = monotonic_now() + kDeadline;
  while (poll_quick() || (shared && !quick->held_back() && monotonic_now() < first_deadline)) {
  }
  CHECK(quick->held_back() == shared);
  std::map<int, std::vector<std::string>> have;
  for (std::size_t taken = 0; taken < sent.size();) {
    for (const BusRecord& each : take(*slow, 500)) have[each.partition].push_back(each.value);
    taken += 500;
    poll_quick();
  }
  std::map<int, std::vector<std::string>> want;
  for (const BusRecord& each : sent) want[each.partition].push_back(each.value);
  CHECK(have == want);
  const Nanoseconds deadline = monotonic_now() + kDeadline;
  while (of_quick < sent.size() && monotonic_now() < deadline) poll_quick();
  CHECK(of_quick == sent.size());
  poll_quick();
  CHECK_FALSE(quick->held_back());

  publish_all(*carrier.bus, sent);  // and from now on the slow one does not poll at all
  of_quick = 0;
  const Nanoseconds kept_until = monotonic_now() + KafkaFeed::kPatience + std::chrono::milliseconds(500);
  while (shared && monotonic_now() < kept_until) {  // it says that it will
    slow->keep_place();
    poll_quick();
  }
  CHECK(of_quick < sent.size());
  const Nanoseconds second_deadline = monotonic_now() + kDeadline;
  while (of_quick < sent.size() && monotonic_now() < second_deadline) poll_quick();
  CHECK(of_quick == sent.size());
}

TEST_CASE("what was read but not committed is read again") {
  const std::string kind = GENERATE("memory", "kafka");
  INFO(kind);
  const Carrier carrier = make_carrier(kind);
  publish_all(*carrier.bus, {record(2, "a"), record(2, "b")});
  { take(*consumer_of(*carrier.bus, "g"), 2); }
  auto again = consumer_of(*carrier.bus, "g");
  CHECK(take(*again, 2)[0].value == "a");
}

TEST_CASE("two workers share the partitions and miss none") {
  const std::string kind = GENERATE("memory", "kafka");
  INFO(kind);
  const Carrier carrier = make_carrier(kind);
  std::vector<BusRecord> sent;
  for (int partition = 0; partition < kPartitions; ++partition) sent.push_back(record(partition, "x"));
  publish_all(*carrier.bus, sent);
  for (const int index : {0, 1}) {
    auto worker = consumer_of(*carrier.bus, "g", 2, index);
    for (const BusRecord& each : take(*worker, kPartitions / 2)) CHECK(each.partition % 2 == index);
  }
}

TEST_CASE("a consumer waits for records that come later") {
  const std::string kind = GENERATE("memory", "kafka");
  INFO(kind);
  const Carrier carrier = make_carrier(kind);
  auto consumer = consumer_of(*carrier.bus, "g");
  auto nothing = consumer->poll(10, std::chrono::milliseconds(1));
  REQUIRE(nothing.ok());
  CHECK(nothing->empty());
  publish_all(*carrier.bus, {record(9, "late")});
  CHECK(take(*consumer, 1)[0].value == "late");
}

TEST_CASE("a partition's records keep their order when they take many requests") {
  const std::string kind = GENERATE("memory", "kafka");
  INFO(kind);
  const Carrier carrier = make_carrier(kind);
  std::vector<BusRecord> sent;
  for (int n = 0; n < 3500; ++n) sent.push_back(record(5, std::to_string(n)));
  publish_all(*carrier.bus, sent);
  auto consumer = consumer_of(*carrier.bus, "g");
  const auto records = take(*consumer, sent.size());
  for (std::size_t n = 0; n < sent.size(); ++n) {
    REQUIRE(records[n].value == sent[n].value);
    REQUIRE(records[n].offset == static_cast<std::int64_t>(n));
  }
}

TEST_CASE("what waits in the partitions comes by its time, and a partition whose times are ahead is not held up") {
  const Carrier carrier = make_carrier("kafka");
  constexpr std::size_t kEach = 3000;
  std::vector<BusRecord> sent;
  const auto add = [&](int partition, std::size_t count, std::int64_t timestamp_ms) {
    for (std::size_t n = 0; n < count; ++n) {
      sent.push_back(record(partition, std::to_string(n)));
      sent.back().timestamp_ms = timestamp_ms;
    }
  };
  add(3, kEach, 1'700'000'002'000);
  add(8, kEach, 1'700'000'001'000);
  add(5, 10, 1'700'003'600'000);
  publish_all(*carrier.bus, sent);
  const auto came_by_time = [&](const std::string& group, Nanoseconds fetching) {
    auto consumer = consumer_of(*carrier.bus, group);
    std::this_thread::sleep_for(fetching);
    std::map<int, std::size_t> early;
    for (const BusRecord& each : take(*consumer, kEach)) ++early[each.partition];
    take(*consumer, sent.size() - kEach);
    return early[5] == 10 && early[3] <= kEach / 10;
  };
  // What is not fetched yet cannot be preferred, however old it is.
  bool by_time = false;
  for (int tries = 1; !by_time && tries <= 6; ++tries) {
    by_time = came_by_time("g" + std::to_string(tries), tries * tries * std::chrono::milliseconds(100));
  }
  CHECK(by_time);
}

TEST_CASE("a partition that there is not is refused, and holds up no other") {
  const std::string kind = GENERATE("memory", "kafka");
  INFO(kind);
  const Carrier carrier = make_carrier(kind);
  auto producer = carrier.bus->make_producer("contract");
  REQUIRE(producer.ok());
  const auto refused = [&] { return !(*producer)->publish(record(77, "nowhere")).ok(); };
  const Nanoseconds deadline = monotonic_now() + kDeadline;
  while (!refused() && monotonic_now() < deadline) {
    REQUIRE((*producer)->publish(record(3, "x")).ok());
    (void)(*producer)->flush(std::chrono::milliseconds(20));
  }
  CHECK(refused());
  REQUIRE((*producer)->publish(record(3, "last")).ok());
  auto consumer = consumer_of(*carrier.bus, "g");
  const Nanoseconds until = monotonic_now() + kDeadline;
  std::string value;
  while (value != "last" && monotonic_now() < until) {
    for (const BusRecord& each : *consumer->poll(100, std::chrono::milliseconds(50))) value = each.value;
  }
  CHECK(value == "last");
}

TEST_CASE("a producer whose broker is silent takes records until its queue is full, and says so") {
  auto bus = make_kafka_bus("127.0.0.1:1");
  auto producer = bus->make_producer("contract");
  REQUIRE(producer.ok());
  const BusRecord each = record(0, "value");
  int taken = 0;
  Result<void> published;
  while (taken < 200'000 && (published = (*producer)->publish(each))) ++taken;
  CHECK(taken == 100'000);
  REQUIRE_FALSE(published.ok());
  CHECK(published.error().message == "publish to payments/0: the queue to the broker stayed full for a second");
  const auto flushed = (*producer)->flush(std::chrono::milliseconds(10));
  REQUIRE_FALSE(flushed.ok());
  CHECK(flushed.error().message == "100000 records were not acknowledged by the broker within the limit");
}

TEST_CASE("a Kafka bus without a broker says so within its limits") {
  const auto bus = make_kafka_bus("127.0.0.1:1");
  auto consumer = bus->make_consumer("g", "payments", 1, 0);
  CHECK_FALSE(consumer.ok());
  auto producer = bus->make_producer("p");
  REQUIRE(producer.ok());
  REQUIRE((*producer)->publish(record(0, "x")).ok());
  CHECK_FALSE((*producer)->flush(std::chrono::milliseconds(10)).ok());
}

TEST_CASE("a consumer and a producer end soon after their brokers are gone") {
  Carrier carrier = make_carrier("kafka");
  publish_all(*carrier.bus, {record(1, "x")});
  auto consumer = consumer_of(*carrier.bus, "g");
  auto producer = carrier.bus->make_producer("p");
  REQUIRE(producer.ok());
  take(*consumer, 1);
  carrier.cluster.reset();
  CHECK((*producer)->publish(record(1, "y")).ok());
  CHECK_FALSE((*producer)->flush(std::chrono::milliseconds(10)).ok());
  CHECK_FALSE(consumer->commit(true).ok());
  (void)consumer->commit(false);  // left under way
  const Nanoseconds start = monotonic_now();
  consumer.reset();
  producer->reset();
  CHECK(monotonic_now() - start < kDeadline);  // a close that waits for a coordinator takes minutes
}

TEST_CASE("a bus of peers follows the peers file") {
  const ScratchDirectory scratch;
  PeerDirectory nobody(scratch.write_peers({}));
  const auto waiting = make_peer_bus(nobody);
  CHECK_FALSE(waiting->make_producer("p").ok());
  CHECK_FALSE(waiting->make_consumer("g", "payments", 1, 0).ok());

  const Carrier carrier = make_carrier("kafka");
  const ScratchDirectory other;
  PeerDirectory known(other.write_peers({{"broker.kafka", carrier.cluster->bootstrap()}}));
  const auto bus = make_peer_bus(known);
  CHECK(bus->generation() == 1);
  publish_all(*bus, {record(1, "through")});
  auto consumer = consumer_of(*bus, "g");
  CHECK(take(*consumer, 1)[0].value == "through");
}
