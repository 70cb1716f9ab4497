#pragma once
// The embedded broker: librdkafka's mock cluster, which speaks the real Kafka protocol over TCP on 127.0.0.1.

#include <memory>
#include <string>
#include <vector>

#include "base/result.hpp"

namespace tidegate::platform {

struct ClusterOptions {
  int brokers = 3;
  std::vector<std::string> topics;
  int partitions = 20;
  int replicas = 3;
};

/// Runs on librdkafka's own thread as long as it lives. It keeps 5 MiB or 100,000 batches per partition in memory and
/// evicts older ones silently; a new cluster knows no topics and no offsets of a former one.
class MockCluster {
 public:
  static Result<std::unique_ptr<MockCluster>> start(const ClusterOptions& options);
  ~MockCluster();
  MockCluster(const MockCluster&) = delete;
  MockCluster& operator=(const MockCluster&) = delete;

  /// "127.0.0.1:40001,127.0.0.1:40002,127.0.0.1:40003", ports chosen by the system.
  const std::string& bootstrap() const;

 private:
  MockCluster();
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace tidegate::platform
