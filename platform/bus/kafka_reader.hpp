#pragma once
// One client that the feeds of a bus read through: to the brokers, the three topics that a role reads are one fetch,
// and each further client would be a thread and a connection per broker more, which wake up all the time (2,500
// payments/s on two cores: 559 and 562 us of CPU each over all roles, with a client per topic 616 and 602).

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/kafka.hpp"

namespace tidegate::platform {

/// Offsets by partition.
using Offsets = std::map<int, std::int64_t>;

/// Thread-safe. What it gives (the handle, queues) must be gone before it is.
class KafkaReader {
 public:
  /// Connects in the background. Fails only when librdkafka does.
  static Result<std::shared_ptr<KafkaReader>> open(const std::string& bootstrap);
  explicit KafkaReader(kafka::Handle handle) : handle_(std::move(handle)) {}
  ~KafkaReader();
  KafkaReader(const KafkaReader&) = delete;
  KafkaReader& operator=(const KafkaReader&) = delete;

  /// For requests about groups and offsets.
  rd_kafka_s* handle() const { return handle_.get(); }

  /// False, and nothing is claimed, when one of the partitions is claimed already or the client is retired. A claim
  /// ends by `release`, as long as it was not read: librdkafka 2.0.2 stops reading a partition some time after it said
  /// so, and then undoes the forwarding to a queue that may be the next feed's.
  bool claim(const std::string& topic, const std::vector<int>& partitions);
  void release(const std::string& topic, const std::vector<int>& partitions);
  /// Reads claimed partitions from these offsets on, each into a queue of its own. Fails only when librdkafka does.
  Result<std::map<int, kafka::Queue>> start_reading(const std::string& topic, const Offsets& from);
  void stop_reading(const std::string& topic, const std::vector<int>& partitions);

  /// Nothing new begins here: the client ends with the feeds that it has. For one that did not answer in time, whose
  /// requests librdkafka keeps as long as the client lives, and sends when a broker is back.
  void retire();
  bool retired();
  /// Why the client as a whole reads no more; ok while it does. The feeds ask when they fetch.
  Result<void> check();

 private:
  kafka::Handle handle_;
  std::mutex mutex_;
  std::set<std::pair<std::string, int>> claimed_;
  bool retired_ = false;
  std::optional<Error> failure_;
};

}  // namespace tidegate::platform
