// The role `broker`: the embedded Kafka as a process of its own, with an HTTP listener to control it.

#include "base/log.hpp"
#include "platform/broker/mock_cluster.hpp"
#include "platform/events/topics.hpp"
#include "platform/service/runtime.hpp"

namespace tidegate::platform {

int run_broker(const ServiceOptions& options) {
  ClusterOptions cluster_options;
  cluster_options.topics.assign(kTopics.begin(), kTopics.end());
  auto cluster = MockCluster::start(cluster_options);
  if (!cluster) {
    log::error("the broker does not start", {{"why", cluster.error().message}});
    return 1;
  }
  ServiceRuntime runtime(options);
  runtime.add_endpoint("kafka", (*cluster)->bootstrap());
  return runtime.run();
}

}  // namespace tidegate::platform
