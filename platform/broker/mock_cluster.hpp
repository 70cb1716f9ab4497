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
  std::vector<std::string> groups;  ///< consumer groups whose coordinators move when a broker goes down
  int partitions = 20;
  int replicas = 3;
  bool elects = true;  ///< false: what a broker leads has no leader while it is down (a departure)
};

/// One broker as its operator sets it.
struct BrokerSetting {
  bool up = true;
  int rtt_ms = 0;  ///< on top of the 10 ms that every answer takes
  bool operator==(const BrokerSetting&) const = default;
};

/// Errors that the next requests of a type are answered with, by whichever broker.
struct RequestErrors {
  std::string request;  ///< "Produce", "Fetch", ...
  std::string error;    ///< "REQUEST_TIMED_OUT", ...
  int count = 0;
};

/// Runs on librdkafka's own thread as long as it lives. It keeps 5 MiB or 100,000 batches per partition in memory and
/// evicts older ones silently; a new cluster knows no topics and no offsets of a former one. Calls on one thread.
class MockCluster {
 public:
  static Result<std::unique_ptr<MockCluster>> start(const ClusterOptions& options);
  ~MockCluster();
  MockCluster(const MockCluster&) = delete;
  MockCluster& operator=(const MockCluster&) = delete;

  /// "127.0.0.1:40001,127.0.0.1:40002,127.0.0.1:40003", ports chosen by the system.
  const std::string& bootstrap() const;

  int brokers() const;
  /// Brokers count from 1.
  BrokerSetting broker(int number) const;
  /// Down: it disconnects everyone, and its partitions and groups go to brokers that are up; up again, it gets back
  /// what was its own. The last broker that is up cannot go down. How many partitions changed their leader.
  Result<int> set_broker(int number, BrokerSetting setting);

  /// Partitions without a leader: what the brokers lead that are down, while nobody elects others. Kafka's
  /// OfflinePartitionsCount. Thread-safe.
  int offline_partitions() const;

  const RequestErrors& errors() const;
  /// Replaces what is queued; a count of 0 withdraws it.
  Result<void> set_errors(RequestErrors errors);

 private:
  MockCluster();
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace tidegate::platform
