#include "platform/broker/mock_cluster.hpp"

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#include "base/kafka.hpp"

namespace tidegate::platform {
namespace {

struct ClusterDeleter {
  void operator()(rd_kafka_mock_cluster_t* cluster) const noexcept { rd_kafka_mock_cluster_destroy(cluster); }
};

}  // namespace

struct MockCluster::State {
  kafka::Handle handle;  // the cluster hangs on a client handle that is used for nothing else
  std::unique_ptr<rd_kafka_mock_cluster_t, ClusterDeleter> cluster;
  std::string bootstrap;
};

MockCluster::MockCluster() : state_(std::make_unique<State>()) {}
MockCluster::~MockCluster() = default;

const std::string& MockCluster::bootstrap() const {
  return state_->bootstrap;
}

Result<std::unique_ptr<MockCluster>> MockCluster::start(const ClusterOptions& options) {
  std::unique_ptr<MockCluster> made(new MockCluster());
  State& state = *made->state_;
  auto handle = kafka::make_producer({{"client.id", "embedded-broker"}, {"log_level", "3"}});
  if (!handle) return handle.error();
  state.handle = std::move(*handle);
  state.cluster.reset(rd_kafka_mock_cluster_new(state.handle.get(), options.brokers));
  if (!state.cluster) return machine_error("the embedded broker could not open its listeners on 127.0.0.1");
  for (const std::string& topic : options.topics) {
    const auto failed =
        rd_kafka_mock_topic_create(state.cluster.get(), topic.c_str(), options.partitions, options.replicas);
    if (failed != RD_KAFKA_RESP_ERR_NO_ERROR) {
      return internal_error("create topic " + topic + ": " + rd_kafka_err2str(failed));
    }
  }
  state.bootstrap = rd_kafka_mock_cluster_bootstraps(state.cluster.get());
  return made;
}

}  // namespace tidegate::platform
