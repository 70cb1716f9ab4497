#pragma once
// The broker's control port: what an operator of the embedded cluster can set.
//
//   GET, PUT /admin/brokers/{number}   {"up": true, "rtt_ms": 0}
//   GET, PUT /admin/errors             {"request": "Produce", "error": "REQUEST_TIMED_OUT", "count": 10}

#include "platform/broker/mock_cluster.hpp"
#include "platform/service/runtime.hpp"

namespace tidegate::platform {

/// Both outlive the runtime's run(). Every change counts in `broker_disturbances_total`: a leader that moved, an error
/// that was queued, a round trip that changed.
void add_broker_api(MockCluster& cluster, ServiceRuntime& runtime);

}  // namespace tidegate::platform
