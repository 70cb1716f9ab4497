// The role `broker`: the embedded Kafka as a process of its own, with an HTTP listener to control it.

#include "base/log.hpp"
#include "platform/broker/broker_api.hpp"
#include "platform/events/topics.hpp"
#include "platform/service/runtime.hpp"
#include "platform/service/switches.hpp"

namespace tidegate::platform {

int run_broker(const ServiceOptions& options) {
  ClusterOptions cluster_options;
  cluster_options.topics.assign(kTopics.begin(), kTopics.end());
  // Every group that a role of the platform consumes as.
  cluster_options.groups = {"gateway",    "acquiring", "ledger",         "fraud",  "notification",
                            "read-model", "audit",     "reconciliation", "payout", "settlement"};
  // Switch `slow_leader_election`. Source: LedgerFlow, twelve minutes without a leader.
  cluster_options.elects = !is_on(options, "slow_leader_election");
  auto cluster = MockCluster::start(cluster_options);
  if (!cluster) {
    log::error("the broker does not start", {{"why", cluster.error().message}});
    return 1;
  }
  ServiceRuntime runtime(options);
  add_broker_api(**cluster, runtime);
  runtime.add_endpoint("kafka", (*cluster)->bootstrap());
  return runtime.run();
}

}  // namespace tidegate::platform
