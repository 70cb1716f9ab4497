#pragma once
// One client that the feeds of a process read through: to the brokers, the three topics that a role reads are one
// fetch, and each further client would be a thread and a connection per broker more, which wake up all the time.

#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/kafka.hpp"

namespace tidegate::platform {

/// Offsets by partition.
using Offsets = std::map<int, std::int64_t>;

/// Thread-safe.
class KafkaReader {
 public:
  static Result<std::shared_ptr<KafkaReader>> open(const std::string& bootstrap);
  explicit KafkaReader(kafka::Handle handle) : handle_(std::move(handle)) {}
  ~KafkaReader();
  KafkaReader(const KafkaReader&) = delete;
  KafkaReader& operator=(const KafkaReader&) = delete;

  rd_kafka_s* handle() const { return handle_.get(); }

  /// False, and nothing is claimed, when one of the partitions is claimed already. A claim ends by `release`; what was
  /// ever read stays claimed, so that nothing that was fetched for one feed reaches another.
  bool claim(const std::string& topic, const std::vector<int>& partitions);
  void release(const std::string& topic, const std::vector<int>& partitions);
  /// Reads claimed partitions from these offsets on, into a queue of their own.
  Result<kafka::Queue> begin(const std::string& topic, const Offsets& from);
  void end(const std::string& topic, const Offsets& read);
  /// What went wrong with the client as a whole; the feeds ask when they fetch.
  Result<void> check();

 private:
  kafka::Handle handle_;
  std::mutex mutex_;
  std::set<std::pair<std::string, int>> claimed_;
};

/// Errors after which a client keeps working: it reconnects by itself.
bool passes_by_itself(int error);

}  // namespace tidegate::platform
