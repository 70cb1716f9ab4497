// The embedded broker's control: brokers down and up, slow, and answering with errors, under a producer and a consumer.
#include "platform/broker/mock_cluster.hpp"

#include <set>
#include <thread>

#include "platform/bus/event_bus.hpp"
#include "platform/bus/kafka_group.hpp"
#include "tests/support/catch.hpp"

using namespace tidegate;
using namespace tidegate::platform;

namespace {

constexpr Nanoseconds kDeadline = std::chrono::seconds(30);
constexpr int kPartitions = 20;  // of every topic of the platform; brokers 1 and 2 are home to 7, broker 3 to 6

struct Cluster {
  std::unique_ptr<MockCluster> cluster;
  std::unique_ptr<EventBus> bus;
  std::unique_ptr<EventProducer> producer;
  std::unique_ptr<EventConsumer> consumer;
  std::set<std::string> got;
  int sent = 0;

  explicit Cluster(bool elects = true) {
    ClusterOptions options;
    options.elects = elects;
    options.topics = {"payments"};
    options.groups = {"ledger"};
    options.partitions = kPartitions;
    auto made = MockCluster::start(options);
    REQUIRE(made.ok());
    cluster = std::move(*made);
    bus = make_kafka_bus(cluster->bootstrap());
    auto producing = bus->make_producer("test");
    auto consuming = bus->make_consumer("ledger", "payments", 1, 0);
    INFO((producing ? "" : producing.error().message) << (consuming ? "" : consuming.error().message));
    REQUIRE((producing.ok() && consuming.ok()));
    producer = std::move(*producing);
    consumer = std::move(*consuming);
  }

  /// One record to each partition; whether all of them come out again.
  bool carries() {
    for (int partition = 0; partition < kPartitions; ++partition) {
      BusRecord record;
      record.topic = "payments";
      record.partition = partition;
      record.value = std::to_string(sent++);
      if (!producer->publish(record)) return false;
    }
    if (!producer->flush(kDeadline)) return false;
    const Nanoseconds until = monotonic_now() + kDeadline;
    while (got.size() < static_cast<std::size_t>(sent) && monotonic_now() < until) {
      const auto records = consumer->poll(100, std::chrono::milliseconds(50));
      if (!records) continue;
      for (const BusRecord& record : *records) got.insert(record.value);
    }
    return got.size() == static_cast<std::size_t>(sent) && consumer->commit(true).ok();
  }
};

}  // namespace

TEST_CASE("a broker goes down: its partitions are led by others, nothing is lost, and it gets them back") {
  Cluster all;
  REQUIRE(all.carries());
  const auto moved = all.cluster->set_broker(2, {false, 0});
  REQUIRE(moved.ok());
  CHECK(*moved == 7);
  CHECK_FALSE(all.cluster->broker(2).up);
  CHECK(all.cluster->offline_partitions() == 0);
  CHECK(all.carries());
  CHECK(*all.cluster->set_broker(2, {false, 0}) == 0);  // down already
  const auto back = all.cluster->set_broker(2, {true, 0});
  REQUIRE(back.ok());
  CHECK(*back == 7);
  CHECK(all.carries());
}

TEST_CASE("without elections, what a broker led has no leader until it is back") {
  Cluster all(false);
  REQUIRE(all.carries());
  CHECK(all.cluster->offline_partitions() == 0);
  CHECK(*all.cluster->set_broker(2, {false, 0}) == 7);
  CHECK(all.cluster->offline_partitions() == 7);
  CHECK(*all.cluster->set_broker(2, {false, 0}) == 0);  // down already
  CHECK(all.cluster->offline_partitions() == 7);
  CHECK(*all.cluster->set_broker(3, {false, 0}) == 6);
  CHECK(all.cluster->offline_partitions() == 13);

  // What it would have led waits for it, and then comes.
  BusRecord record;
  record.topic = "payments";
  record.partition = 1;
  record.value = std::to_string(all.sent++);
  REQUIRE(all.producer->publish(record));
  CHECK_FALSE(all.producer->flush(std::chrono::milliseconds(500)).ok());
  REQUIRE(all.cluster->set_broker(3, {true, 0}).ok());
  CHECK(all.cluster->offline_partitions() == 7);
  REQUIRE(all.cluster->set_broker(2, {true, 0}).ok());
  CHECK(all.cluster->offline_partitions() == 0);
  CHECK(all.carries());
}

TEST_CASE("the last broker that is up stays up") {
  Cluster all;
  REQUIRE(all.cluster->set_broker(1, {false, 0}).ok());
  const auto second = all.cluster->set_broker(2, {false, 0});
  REQUIRE(second.ok());
  CHECK(*second == 14);  // those of 1 that 2 stood in for, and its own
  const auto last = all.cluster->set_broker(3, {false, 0});
  REQUIRE_FALSE(last.ok());
  CHECK(last.error().message.find("last") != std::string::npos);
  CHECK(all.cluster->broker(3).up);
  REQUIRE(all.cluster->set_broker(1, {true, 0}).ok());
  REQUIRE(all.cluster->set_broker(2, {true, 0}).ok());
  CHECK(all.carries());
}

TEST_CASE("a broker can be slow") {
  Cluster all;
  REQUIRE(all.carries());
  for (int broker = 1; broker <= 3; ++broker) REQUIRE(all.cluster->set_broker(broker, {true, 150}).ok());
  const Nanoseconds start = monotonic_now();
  CHECK(all.carries());
  CHECK(monotonic_now() - start >= std::chrono::milliseconds(150));
  CHECK(all.cluster->broker(1).rtt_ms == 150);
}

TEST_CASE("a commit that is never answered is given up, and the next one is heard") {
  Cluster all;
  REQUIRE(all.carries());
  auto handle = kafka::make_consumer({{"bootstrap.servers", all.cluster->bootstrap()}, {"group.id", "nobody"}});
  REQUIRE(handle.ok());
  const std::vector<int> partitions{0, 1};
  KafkaGroup group(handle->get(), "ledger", "payments", std::chrono::milliseconds(200));
  REQUIRE(group.start(partitions, kDeadline).ok());
  REQUIRE(group.commit({{0, 0}, {1, 0}}, true, true).ok());

  for (int number = 1; number <= all.cluster->brokers(); ++number) {
    REQUIRE(all.cluster->set_broker(number, {true, 4000}).ok());
  }
  std::this_thread::sleep_for(std::chrono::milliseconds(150));  // commits are 100 ms apart
  const auto sent = group.commit({{0, 1}, {1, 0}}, true, false);
  REQUIRE((sent.ok() && *sent));
  std::this_thread::sleep_for(std::chrono::milliseconds(250));
  const auto given_up = group.commit({{0, 1}, {1, 1}}, true, false);
  REQUIRE_FALSE(given_up.ok());
  CHECK(given_up.error().kind == Error::Kind::timeout);
  CHECK(given_up.error().message.find("payments") != std::string::npos);

  for (int number = 1; number <= all.cluster->brokers(); ++number) {
    REQUIRE(all.cluster->set_broker(number, {true, 0}).ok());
  }
  const Nanoseconds until = monotonic_now() + kDeadline;
  while (!group.commit({{0, 1}, {1, 1}}, false, true).ok() && monotonic_now() < until) {
  }
  const auto committed = KafkaGroup(handle->get(), "ledger", "payments").start(partitions, kDeadline);
  REQUIRE(committed.ok());
  CHECK(*committed == Offsets{{0, 1}, {1, 1}});
}

TEST_CASE("requests are answered with errors, which producers get over; what is left is withdrawn") {
  Cluster all;
  REQUIRE(all.carries());
  REQUIRE(all.cluster->set_errors({"Produce", "REQUEST_TIMED_OUT", 4}).ok());
  CHECK(all.carries());
  REQUIRE(all.cluster->set_errors({"Produce", "REQUEST_TIMED_OUT", 10'000}).ok());
  REQUIRE(all.cluster->set_errors({}).ok());
  CHECK(all.carries());
  const auto [request, error, count] = GENERATE(table<const char*, const char*, int>({
      {"Produse", "REQUEST_TIMED_OUT", 1},
      {"Produce", "TIMED_OUT", 1},
      {"Produce", "REQUEST_TIMED_OUT", -1},
      {"Produce", "REQUEST_TIMED_OUT", 10'001},
  }));
  CHECK_FALSE(all.cluster->set_errors({request, error, count}).ok());
}
