#include "platform/broker/mock_cluster.hpp"

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <optional>

#include "base/kafka.hpp"
#include "platform/broker/nudge.hpp"

namespace tidegate::platform {
namespace {

struct ClusterDeleter {
  void operator()(rd_kafka_mock_cluster_t* cluster) const noexcept { rd_kafka_mock_cluster_destroy(cluster); }
};

Result<void> checked(rd_kafka_resp_err_t failed, const std::string& what) {
  if (failed == RD_KAFKA_RESP_ERR_NO_ERROR) return {};
  return internal_error(what + ": " + rd_kafka_err2str(failed));
}

// The protocol's numbers of request types (https://kafka.apache.org/protocol, "Api Keys").
std::optional<std::int16_t> api_key(const std::string& request) {
  static const std::map<std::string, std::int16_t> keys{
      {"Produce", 0},      {"Fetch", 1},       {"ListOffsets", 2},      {"Metadata", 3},
      {"OffsetCommit", 8}, {"OffsetFetch", 9}, {"FindCoordinator", 10}, {"InitProducerId", 22}};
  const auto found = keys.find(request);
  return found == keys.end() ? std::nullopt : std::optional(found->second);
}

std::optional<rd_kafka_resp_err_t> error_code_of(const std::string& error) {
  static const std::map<std::string, rd_kafka_resp_err_t> codes{
      {"NOT_LEADER_FOR_PARTITION", RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION},
      {"REQUEST_TIMED_OUT", RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT},
      {"NOT_ENOUGH_REPLICAS", RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS},
      {"COORDINATOR_NOT_AVAILABLE", RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE},
      {"UNKNOWN", RD_KAFKA_RESP_ERR_UNKNOWN}};
  const auto found = codes.find(error);
  return found == codes.end() ? std::nullopt : std::optional(found->second);
}

constexpr int kMostErrors = 10'000;

/// What every answer takes, as a replicated cluster's would. A client that is answered at once asks again at once, for
/// one record each time, and the cluster looks for each by walking along the partition: at 1,500 payments/s that took
/// 22 % of a core in this process alone.
constexpr int kRoundTripMs = 10;

}  // namespace

struct MockCluster::State {
  kafka::Handle handle;  // the cluster hangs on a client handle that is used for nothing else
  std::unique_ptr<rd_kafka_mock_cluster_t, ClusterDeleter> cluster;
  std::string bootstrap;
  ClusterOptions options;
  std::vector<BrokerSetting> brokers;
  RequestErrors errors;
  std::map<std::pair<std::string, int>, int> leaders;
  std::atomic<int> offline_partitions{0};

  /// The broker that leads what is the home of `home`: itself, or the next one that is up.
  int stand_in(int home) const {
    for (int step = 0; step < options.brokers; ++step) {
      const int number = (home - 1 + step) % options.brokers + 1;
      if (brokers[static_cast<std::size_t>(number - 1)].up) return number;
    }
    return home;
  }
  int home_of(int index) const { return index % options.brokers + 1; }

  int led_by(int number) const {
    int led = 0;
    for (int partition = 0; partition < options.partitions; ++partition) led += home_of(partition) == number ? 1 : 0;
    return led * static_cast<int>(options.topics.size());
  }

  /// Each placement is a round trip to the cluster's thread, so nothing is placed before somebody asks for a change.
  Result<int> place_leaders() {
    int moved = 0;
    for (const std::string& topic : options.topics) {
      for (int partition = 0; partition < options.partitions; ++partition) {
        const int leader = stand_in(home_of(partition));
        int& now = leaders[{topic, partition}];
        if (now == leader) continue;
        auto set = checked(rd_kafka_mock_partition_set_leader(cluster.get(), topic.c_str(), partition, leader),
                           "move the leader of " + topic + "/" + std::to_string(partition));
        if (!set) return set.error();
        // A partition that nobody has placed yet was led by any of them; it counts as moved when it is not at home.
        moved += now != 0 || leader != home_of(partition) ? 1 : 0;
        now = leader;
      }
    }
    for (std::size_t i = 0; i < options.groups.size(); ++i) {
      auto set = checked(rd_kafka_mock_coordinator_set(cluster.get(), "group", options.groups[i].c_str(),
                                                       stand_in(home_of(static_cast<int>(i)))),
                         "move the coordinator of " + options.groups[i]);
      if (!set) return set.error();
    }
    return moved;
  }
};

MockCluster::MockCluster() : state_(std::make_unique<State>()) {}
MockCluster::~MockCluster() {
  const Nudge nudge(state_->bootstrap);
  state_->cluster.reset();
}

const std::string& MockCluster::bootstrap() const {
  return state_->bootstrap;
}

int MockCluster::brokers() const {
  return state_->options.brokers;
}

BrokerSetting MockCluster::broker(int number) const {
  return state_->brokers.at(static_cast<std::size_t>(number - 1));
}

Result<int> MockCluster::set_broker(int number, BrokerSetting setting) {
  State& state = *state_;
  const Nudge nudge(state.bootstrap);
  BrokerSetting& now = state.brokers.at(static_cast<std::size_t>(number - 1));
  if (setting.rtt_ms != now.rtt_ms) {
    const int rtt_ms = kRoundTripMs + setting.rtt_ms;
    auto set = checked(rd_kafka_mock_broker_set_rtt(state.cluster.get(), number, rtt_ms), "set the round trip");
    if (!set) return set.error();
    now.rtt_ms = setting.rtt_ms;
  }
  if (setting.up == now.up) return 0;
  const auto up =
      std::count_if(state.brokers.begin(), state.brokers.end(), [](const BrokerSetting& each) { return each.up; });
  if (!setting.up && up == 1) return usage_error("broker " + std::to_string(number) + " is the last one that is up");
  // Clients learn of the new leaders from the brokers that stay, so leaders move first and come back last.
  now.up = setting.up;
  if (setting.up) {
    auto set = checked(rd_kafka_mock_broker_set_up(state.cluster.get(), number), "set the broker up");
    if (!set) return set.error();
  }
  auto moved = state.options.elects ? state.place_leaders() : Result<int>(state.led_by(number));
  if (!moved) return moved;
  if (!setting.up) {
    auto set = checked(rd_kafka_mock_broker_set_down(state.cluster.get(), number), "set the broker down");
    if (!set) return set.error();
  }
  if (!state.options.elects) state.offline_partitions += setting.up ? -state.led_by(number) : state.led_by(number);
  return moved;
}

int MockCluster::offline_partitions() const {
  return state_->offline_partitions;
}

const RequestErrors& MockCluster::errors() const {
  return state_->errors;
}

Result<void> MockCluster::set_errors(RequestErrors errors) {
  State& state = *state_;
  const Nudge nudge(state.bootstrap);
  if (const auto before = api_key(state.errors.request))
    rd_kafka_mock_clear_request_errors(state.cluster.get(), *before);
  state.errors = {};
  if (errors.count == 0) return {};
  const auto key = api_key(errors.request);
  const auto code = error_code_of(errors.error);
  if (!key) return usage_error("no type of request: '" + errors.request + "'");
  if (!code) return usage_error("no error: '" + errors.error + "'");
  if (errors.count < 0 || errors.count > kMostErrors) return usage_error("count: from 0 to 10000");
  const std::vector<rd_kafka_resp_err_t> queue(static_cast<std::size_t>(errors.count), *code);
  rd_kafka_mock_push_request_errors_array(state.cluster.get(), *key, queue.size(), queue.data());
  state.errors = std::move(errors);
  return {};
}

Result<std::unique_ptr<MockCluster>> MockCluster::start(const ClusterOptions& options) {
  std::unique_ptr<MockCluster> made(new MockCluster());
  State& state = *made->state_;
  state.options = options;
  state.brokers.resize(static_cast<std::size_t>(options.brokers));
  auto handle = kafka::make_producer({{"client.id", "embedded-broker"}, {"log_level", "3"}});
  if (!handle) return handle.error();
  state.handle = std::move(*handle);
  state.cluster.reset(rd_kafka_mock_cluster_new(state.handle.get(), options.brokers));
  if (!state.cluster) return machine_error("the embedded broker could not open its listeners on 127.0.0.1");
  state.bootstrap = rd_kafka_mock_cluster_bootstraps(state.cluster.get());
  const Nudge nudge(state.bootstrap);
  for (const std::string& topic : options.topics) {
    const auto failed =
        rd_kafka_mock_topic_create(state.cluster.get(), topic.c_str(), options.partitions, options.replicas);
    if (failed != RD_KAFKA_RESP_ERR_NO_ERROR) {
      return internal_error("create topic " + topic + ": " + rd_kafka_err2str(failed));
    }
  }
  for (int number = 1; number <= options.brokers; ++number) {
    auto set = checked(rd_kafka_mock_broker_set_rtt(state.cluster.get(), number, kRoundTripMs), "set the round trip");
    if (!set) return set.error();
  }
  if (!options.elects) {  // who leads what never changes, so it has to be known
    auto placed = state.place_leaders();
    if (!placed) return placed.error();
  }
  return made;
}

}  // namespace tidegate::platform
