// The lag probe against librdkafka's mock cluster, in this process, with records whose timestamps are planted.

#include "gates/probes/lag_probe.hpp"

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <thread>

#include "base/kafka.hpp"
#include "gates/lag_metrics.hpp"
#include "gates/probes/topic_sizes.hpp"
#include "tests/support/catch.hpp"

using namespace tidegate;
using namespace tidegate::gates;
using namespace std::chrono_literals;

namespace {

constexpr Nanoseconds kDeadline = 20s;

/// Waits for what must come, with a limit.
bool eventually(const std::function<bool()>& condition) {
  const Nanoseconds deadline = monotonic_now() + kDeadline;
  while (monotonic_now() < deadline) {
    if (condition()) return true;
    std::this_thread::sleep_for(20ms);
  }
  return condition();
}

class MockCluster {
 public:
  MockCluster() : owner_(std::move(*kafka::make_producer({{"bootstrap.servers", ""}, {"log_level", "0"}}))) {
    cluster_ = rd_kafka_mock_cluster_new(owner_.get(), 3);
    REQUIRE(cluster_ != nullptr);
    bootstrap_ = rd_kafka_mock_cluster_bootstraps(cluster_);
    producer_ =
        std::move(*kafka::make_producer({{"bootstrap.servers", bootstrap_}, {"linger.ms", "1"}, {"log_level", "0"}}));
  }
  ~MockCluster() {
    producer_.reset();
    if (cluster_ != nullptr) rd_kafka_mock_cluster_destroy(cluster_);
  }

  const std::string& bootstrap() const { return bootstrap_; }
  void topic(const std::string& name, int partitions) {
    rd_kafka_mock_topic_create(cluster_, name.c_str(), partitions, 1);
  }
  /// Broker 3 leads no partition of the topic, speaks for the group, and answers so much later than the others.
  void late_coordinator(const std::string& topic, int partitions, const std::string& group,
                        std::chrono::milliseconds time) {
    for (int i = 0; i < partitions; ++i) rd_kafka_mock_partition_set_leader(cluster_, topic.c_str(), i, 1 + i % 2);
    rd_kafka_mock_coordinator_set(cluster_, "group", group.c_str(), 3);
    rd_kafka_mock_broker_set_rtt(cluster_, 3, static_cast<int>(time.count()));
  }
  /// Every question for offsets is answered with "unknown topic or partition" while it is on.
  void offsets_fail(bool on) {
    constexpr std::int16_t kListOffsets = 2;
    rd_kafka_mock_clear_request_errors(cluster_, kListOffsets);
    if (!on) return;
    std::vector<rd_kafka_resp_err_t> errors(100'000, RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
    rd_kafka_mock_push_request_errors_array(cluster_, kListOffsets, errors.size(), errors.data());
  }
  void brokers(bool up) {
    for (int broker = 1; broker <= 3; ++broker) {
      up ? rd_kafka_mock_broker_set_up(cluster_, broker) : rd_kafka_mock_broker_set_down(cluster_, broker);
    }
  }

  /// Partition p of the topic is led by broker p + 1, and the group coordinated by broker 2; away: none by broker 2,
  /// which refuses connections.
  void second_broker(bool away, const std::string& topic, int partitions, const std::string& group) {
    const int stand_in = away ? 3 : 2;
    if (!away) rd_kafka_mock_broker_set_up(cluster_, 2);
    for (int p = 0; p < partitions; ++p) {
      rd_kafka_mock_partition_set_leader(cluster_, topic.c_str(), p, p == 1 ? stand_in : p + 1);
    }
    rd_kafka_mock_coordinator_set(cluster_, "group", group.c_str(), stand_in);
    if (away) rd_kafka_mock_broker_set_down(cluster_, 2);
  }

  /// Records made at this moment of the wall clock.
  void produce(const std::string& topic, int partition, int count, Nanoseconds unix_time, std::size_t size = 100) {
    const std::string value(size, 'x');
    const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(unix_time).count();
    for (int i = 0; i < count; ++i) {
      const auto error = rd_kafka_producev(
          producer_.get(), RD_KAFKA_V_TOPIC(topic.c_str()), RD_KAFKA_V_PARTITION(partition),
          RD_KAFKA_V_VALUE(const_cast<char*>(value.data()), value.size()), RD_KAFKA_V_TIMESTAMP(ms), RD_KAFKA_V_END);
      REQUIRE(error == RD_KAFKA_RESP_ERR_NO_ERROR);
    }
    REQUIRE(rd_kafka_flush(producer_.get(), 10'000) == RD_KAFKA_RESP_ERR_NO_ERROR);
  }

  /// As a consumer does that takes its partitions by assignment: a handle that lives only for this commit.
  void commit(const std::string& group, const std::string& topic, int partition, std::int64_t offset) {
    auto consumer = std::move(*kafka::make_consumer(
        {{"bootstrap.servers", bootstrap_}, {"group.id", group}, {"enable.auto.commit", "false"}, {"log_level", "0"}}));
    kafka::PartitionList list(rd_kafka_topic_partition_list_new(1));
    rd_kafka_topic_partition_list_add(list.get(), topic.c_str(), partition)->offset = offset;
    REQUIRE(rd_kafka_commit(consumer.get(), list.get(), 0) == RD_KAFKA_RESP_ERR_NO_ERROR);
  }

 private:
  kafka::Handle owner_;
  rd_kafka_mock_cluster_t* cluster_ = nullptr;
  std::string bootstrap_;
  kafka::Handle producer_;
};

/// A probe with its writers in a directory of its own.
struct Probe {
  explicit Probe(LagProbeOptions options) : clock(monotonic_now(), unix_now()) {
    directory = std::filesystem::temp_directory_path() / ("lag_probe_test." + std::to_string(::getpid()));
    std::filesystem::create_directories(directory);
    series = std::move(*record::SeriesWriter::create(directory / "series.tgs"));
    events = std::move(*record::EventWriter::create(directory / "events.ndjson"));
    probe = std::make_unique<LagProbe>(std::move(options), clock, series.get(), events.get());
    REQUIRE(probe->start());
  }
  ~Probe() {
    probe->stop();
    std::filesystem::remove_all(directory);
  }
  record::SeriesSet written() {
    REQUIRE(series->flush());
    return *record::read_series(directory / "series.tgs");
  }
  double sum(std::string_view metric) {
    double total = 0;
    for (const record::Series& one : written().series) {
      if (one.key.metric != metric) continue;
      for (const auto& [second, value] : one.values) total += value;
    }
    return total;
  }
  GroupLag latest(std::size_t index = 0) const { return probe->latest().at(index); }
  /// A sample that was asked for after this call.
  GroupLag next(std::size_t index = 0) const {
    const Nanoseconds from = clock.now();
    REQUIRE(eventually([&] { return latest(index).known && latest(index).sampled_at > from; }));
    return latest(index);
  }

  RunClock clock;
  std::filesystem::path directory;
  std::unique_ptr<record::SeriesWriter> series;
  std::unique_ptr<record::EventWriter> events;
  std::unique_ptr<LagProbe> probe;
};

LagProbeOptions options_for(const MockCluster& cluster, std::vector<LagGroup> groups) {
  LagProbeOptions options;
  options.bootstrap = cluster.bootstrap();
  options.groups = std::move(groups);
  options.period = 200ms;
  return options;
}

}  // namespace

TEST_CASE("the age of a lag is that of the first uncommitted record", "[lag][probe]") {
  const Nanoseconds period = GENERATE(Nanoseconds(200ms), Nanoseconds(1s));
  MockCluster cluster;
  cluster.topic("payments", 4);
  LagProbeOptions polled = options_for(cluster, {{"ledger", "payments", 4}, {"slow", "payments", 4}});
  polled.period = period;
  Probe probe(std::move(polled));
  REQUIRE(eventually([&] { return probe.latest().known; }));

  // Ten records each 7 s, 5 s and 1 s old; one group stands at the second, the other at the first.
  const Nanoseconds planted = unix_now();
  cluster.produce("payments", 2, 10, planted - 7s);
  cluster.produce("payments", 2, 10, planted - 5s);
  cluster.produce("payments", 2, 10, planted - 1s);
  cluster.commit("ledger", "payments", 2, 10);
  cluster.commit("slow", "payments", 2, 0);
  REQUIRE(eventually([&] { return probe.latest(0).records == 20 && probe.latest(1).records == 30; }));

  // The age grows with the clock while nothing is committed.
  for (int round = 0; round < 3; ++round) {
    const GroupLag lag = probe.next();
    const double sampled_unix = to_seconds(probe.clock.to_unix(lag.sampled_at));
    CHECK(lag.age_s == Approx(sampled_unix - to_seconds(planted - 5s)).margin(0.1));
    CHECK(lag.read_age_s == Approx(sampled_unix - to_seconds(planted - 7s)).margin(0.1));
    CHECK(probe.next(1).age_s == Approx(to_seconds(unix_now() - planted + 7s)).margin(1.2));
  }
  CHECK_FALSE(probe.probe->drained());

  // A consumer that was killed and came back commits on; the age is exact at once.
  cluster.commit("ledger", "payments", 2, 20);
  REQUIRE(eventually([&] { return probe.latest().records == 10; }));
  const GroupLag later = probe.next();
  CHECK(later.age_s ==
        Approx(to_seconds(probe.clock.to_unix(later.sampled_at)) - to_seconds(planted - 1s)).margin(0.1));
  cluster.commit("ledger", "payments", 2, 30);
  cluster.commit("slow", "payments", 2, 30);
  REQUIRE(eventually([&] { return probe.probe->drained(); }));
  CHECK(probe.latest().age_s == 0);
  CHECK(probe.latest(1).read_age_s == 0);
  // A sample from before a moment does not vouch for it.
  CHECK_FALSE(probe.probe->drained(probe.clock.now() + 1h));
  CHECK(probe.sum(record::kProbeSilent) == 0);
}

TEST_CASE("quiet is more than drained: nothing has come since the sample before", "[lag][probe]") {
  MockCluster cluster;
  cluster.topic("payments", 2);
  cluster.produce("payments", 0, 10, unix_now());
  cluster.commit("ledger", "payments", 0, 10);
  Probe probe(options_for(cluster, {{"ledger", "payments", 2}}));
  REQUIRE(eventually([&] { return probe.probe->quiet(Nanoseconds::min()); }));
  const GroupLag before = probe.latest();
  CHECK(before.end == 10);

  // A record that is applied as soon as it comes: no sample needs to see it behind, but the quiet is over.
  cluster.produce("payments", 1, 1, unix_now());
  cluster.commit("ledger", "payments", 1, 1);
  GroupLag moved;
  REQUIRE(eventually([&] {
    moved = probe.latest();
    return moved.end == 11;
  }));
  CHECK(moved.quiet_since > before.sampled_at);
  REQUIRE(eventually([&] { return probe.probe->quiet(moved.sampled_at); }));
  const GroupLag calm = probe.latest();
  CHECK(calm.quiet_since >= moved.quiet_since);  // later, when a sample fell between record and commit
  CHECK(calm.sampled_at > calm.quiet_since);
  CHECK_FALSE(probe.probe->quiet(probe.clock.now() + 1h));

  cluster.produce("payments", 1, 1, unix_now());
  REQUIRE(eventually([&] { return probe.latest().records == 1; }));
  CHECK_FALSE(probe.probe->quiet(Nanoseconds::min()));
}

TEST_CASE("a rewound group is seen, and its age comes from the records it has to read again", "[lag][probe]") {
  MockCluster cluster;
  cluster.topic("payments", 1);
  const Nanoseconds planted = unix_now();
  cluster.produce("payments", 0, 100, planted - 60s);
  cluster.produce("payments", 0, 100, planted - 1s);
  cluster.commit("ledger", "payments", 0, 200);
  Probe probe(options_for(cluster, {{"ledger", "payments", 1}}));
  REQUIRE(eventually([&] { return probe.probe->drained(); }));
  cluster.commit("ledger", "payments", 0, 50);
  // The tail reader never saw these records; it goes back for them.
  REQUIRE(eventually([&] { return probe.latest().records == 150 && probe.latest().age_s > 55; }));
  const GroupLag lag = probe.next();
  CHECK(lag.age_s == Approx(to_seconds(probe.clock.to_unix(lag.sampled_at)) - to_seconds(planted - 60s)).margin(0.1));
}

TEST_CASE("a group that never committed has no lag, and that is not a lag of zero", "[lag][probe]") {
  MockCluster cluster;
  cluster.topic("payments", 2);
  Probe probe(options_for(cluster, {{"nobody", "payments", 2}}));
  REQUIRE(eventually([&] { return probe.latest().known; }));
  CHECK(probe.latest().undefined_partitions == 0);  // nothing is there yet
  CHECK(probe.probe->drained());
  cluster.produce("payments", 1, 5, unix_now());
  REQUIRE(eventually([&] { return probe.latest().undefined_partitions == 1; }));
  CHECK_FALSE(probe.probe->drained());
  CHECK(probe.sum(kLagUndefinedPartitions) >= 1);
  cluster.commit("nobody", "payments", 1, 0);
  REQUIRE(eventually([&] { return probe.latest().undefined_partitions == 0 && probe.latest().records == 5; }));
}

TEST_CASE("records gone before they were committed are lost, or evicted where the broker evicts", "[lag][probe]") {
  const bool evicting = GENERATE(false, true);
  MockCluster cluster;
  cluster.topic("payments", 1);
  cluster.produce("payments", 0, 10, unix_now());
  cluster.commit("ledger", "payments", 0, 5);
  LagProbeOptions options = options_for(cluster, {{"ledger", "payments", 1}});
  options.evicting = evicting;
  Probe probe(std::move(options));
  REQUIRE(eventually([&] { return probe.latest().known; }));
  // The embedded broker holds 5 MiB a partition, and drops the oldest without a word.
  for (int i = 0; i < 70; ++i) cluster.produce("payments", 0, 1, unix_now(), 100'000);
  REQUIRE(eventually([&] { return (evicting ? probe.latest().evicted : probe.latest().lost) > 5; }));
  CHECK((evicting ? probe.latest().lost : probe.latest().evicted) == 0);
  CHECK(probe.sum(evicting ? record::kLagEvicted : kLagLostRecords) > 5);
  const auto log = *record::read_events(probe.directory / "events.ndjson");
  const bool told = std::any_of(log.events.begin(), log.events.end(),
                                [](const record::Event& event) { return event.type == kRecordsLostEvent; });
  CHECK(told != evicting);
  cluster.commit("ledger", "payments", 0, 80);
  REQUIRE(eventually([&] { return probe.probe->drained(); }));
}

TEST_CASE("a broker that is gone is silence, counted, and not the end", "[lag][probe]") {
  MockCluster cluster;
  cluster.topic("payments", 2);
  cluster.produce("payments", 0, 5, unix_now());
  cluster.commit("ledger", "payments", 0, 5);
  LagProbeOptions options = options_for(cluster, {{"ledger", "payments", 2}});
  options.timeout = 200ms;
  Probe probe(std::move(options));
  REQUIRE(eventually([&] { return probe.probe->drained(); }));
  cluster.brokers(false);
  REQUIRE(eventually([&] { return probe.sum(record::kProbeSilent) > 0.5; }));
  CHECK_FALSE(probe.probe->failed());
  REQUIRE(eventually([&] { return !probe.probe->drained(); }));  // old samples vouch for nothing
  cluster.brokers(true);
  REQUIRE(eventually([&] { return probe.probe->drained(); }));
  // A stop ends within the timeouts, broker or not.
  cluster.brokers(false);
  const Nanoseconds before = monotonic_now();
  probe.probe->stop();
  CHECK(monotonic_now() - before < 10s);
}

TEST_CASE("a coordinator whose answers come too late is silence, and ends nothing", "[lag][probe]") {
  MockCluster cluster;
  cluster.topic("payments", 2);
  // Before the probe asks for it: the mock lets brokers go on that are no coordinator any more.
  cluster.late_coordinator("payments", 2, "ledger", 0ms);
  cluster.produce("payments", 0, 5, unix_now());
  cluster.commit("ledger", "payments", 0, 5);
  LagProbeOptions options = options_for(cluster, {{"ledger", "payments", 2}});
  options.timeout = 50ms;
  Probe probe(std::move(options));
  for (const auto late : {120ms, 150ms, 300ms}) {  // in time is an answer within the timeout and 50 ms
    REQUIRE(eventually([&] { return probe.probe->drained(); }));
    const double before = probe.sum(record::kProbeSilent);
    cluster.late_coordinator("payments", 2, "ledger", late);
    REQUIRE(eventually([&] { return probe.sum(record::kProbeSilent) - before > 1.5; }));
    cluster.late_coordinator("payments", 2, "ledger", 0ms);
  }
  REQUIRE(eventually([&] { return probe.probe->drained(); }));
  CHECK_FALSE(probe.probe->failed());
}

TEST_CASE("leaders and coordinators that move are followed at once, both ways", "[lag][probe]") {
  MockCluster cluster;
  cluster.topic("payments", 3);
  cluster.second_broker(false, "payments", 3, "ledger");
  cluster.produce("payments", 1, 5, unix_now());
  cluster.commit("ledger", "payments", 1, 5);
  LagProbeOptions options = options_for(cluster, {{"ledger", "payments", 3}});
  options.timeout = 200ms;
  Probe probe(std::move(options));
  REQUIRE(eventually([&] { return probe.probe->drained(); }));
  const double before = probe.sum(record::kProbeSilent);
  for (const bool away : {true, false, true, false}) {
    INFO("broker 2 is " << (away ? "away" : "back"));
    cluster.second_broker(away, "payments", 3, "ledger");
    const Nanoseconds moved = probe.clock.now();
    REQUIRE(eventually([&] { return probe.probe->drained(moved); }));
  }
  // Of four moves. A client that waits for its own refresh is silent for ten seconds and more at a time.
  CHECK(probe.sum(record::kProbeSilent) - before < 8);
}

TEST_CASE("the number of partitions is asked of the cluster", "[lag][probe]") {
  MockCluster cluster;
  cluster.topic("payments", 7);
  const auto sized = with_partitions(cluster.bootstrap(), {{"ledger", "payments", 0}, {"other", "elsewhere", 3}}, 5s);
  REQUIRE(sized.ok());
  CHECK(sized->at(0).partitions == 7);
  CHECK(sized->at(1).partitions == 3);
  const auto absent = with_partitions(cluster.bootstrap(), {{"ledger", "paymnts", 0}}, 5s);
  REQUIRE_FALSE(absent.ok());
  CHECK_THAT(absent.error().message, Catch::Contains("has no topic 'paymnts'; did you mean payments?"));
  CHECK_FALSE(with_partitions("127.0.0.1:1", {{"ledger", "payments", 0}}, 200ms).ok());
  CHECK(with_partitions("127.0.0.1:1", {{"ledger", "payments", 1}}, 200ms).ok());  // nothing to ask
}

TEST_CASE("a topic that disappears is silence, not a lag of zero", "[lag][probe]") {
  MockCluster cluster;
  cluster.topic("payments", 2);
  cluster.produce("payments", 0, 5, unix_now());
  cluster.commit("ledger", "payments", 0, 5);
  Probe probe(options_for(cluster, {{"ledger", "payments", 2}}));
  REQUIRE(eventually([&] { return probe.probe->drained(); }));
  cluster.offsets_fail(true);
  REQUIRE(eventually([&] { return probe.sum(record::kProbeSilent) > 0.5; }));
  REQUIRE(eventually([&] { return !probe.probe->drained(); }));
  cluster.offsets_fail(false);
  REQUIRE(eventually([&] { return probe.probe->drained(); }));
}

TEST_CASE("a rewind and a group that stands still are told as events", "[lag][probe]") {
  MockCluster cluster;
  cluster.topic("payments", 1);
  cluster.produce("payments", 0, 50, unix_now());
  cluster.commit("ledger", "payments", 0, 30);
  Probe probe(options_for(cluster, {{"ledger", "payments", 1}}));
  REQUIRE(eventually([&] { return probe.latest().records == 20; }));
  cluster.commit("ledger", "payments", 0, 10);
  const auto told = [&](std::string_view type) {
    const auto log = *record::read_events(probe.directory / "events.ndjson");
    return std::any_of(log.events.begin(), log.events.end(),
                       [&](const record::Event& one) { return one.type == type; });
  };
  REQUIRE(eventually([&] { return told(kLagRewoundEvent); }));
  REQUIRE(eventually([&] { return told(kLagStoppedEvent); }));
  CHECK_FALSE(told(kLagResumedEvent));
  cluster.commit("ledger", "payments", 0, 50);
  REQUIRE(eventually([&] { return told(kLagResumedEvent); }));
  CHECK(probe.sum(record::kLagRewinds) == 1);
}

TEST_CASE("an address where no broker ever was", "[lag][probe]") {
  LagProbeOptions options;
  options.bootstrap = "127.0.0.1:1";
  options.groups = {{"ledger", "payments", 2}};
  options.period = 100ms;
  options.timeout = 100ms;
  Probe probe(std::move(options));
  REQUIRE(eventually([&] { return probe.sum(record::kProbeSilent) > 0.2; }));
  CHECK_FALSE(probe.latest().known);
  CHECK_FALSE(probe.probe->drained());
}
