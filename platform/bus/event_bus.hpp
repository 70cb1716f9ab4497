#pragma once
// The carrier of events: any Kafka. The store is the truth, the bus only carries; it may lose, repeat and evict.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"

namespace tidegate::platform {

class PeerDirectory;  // platform/service/options.hpp

struct BusRecord {
  std::string topic;
  int partition = 0;
  std::int64_t offset = -1;
  std::int64_t timestamp_ms = 0;
  std::string key;
  std::string value;
};

/// What a consumer asks for at once, unless told otherwise; as many tell that more wait.
inline constexpr std::size_t kRecordsAtOnce = 1000;
/// What it can be told to ask for; carriers read ahead by as many, else no answer would ever be full.
inline constexpr std::size_t kMostRecordsAtOnce = 4000;

/// Publishes; thread-safe. Records of one partition keep their order. Idempotent producer, acks=all, lz4; gathers for
/// 50 ms, or 200 from 40 records a second and partition on.
class EventProducer {
 public:
  virtual ~EventProducer() = default;
  /// Queues one record; an error when the queue stayed full for a second.
  virtual Result<void> publish(const BusRecord& record) = 0;
  /// Waits until all queued records were acknowledged or the limit passed.
  virtual Result<void> flush(Nanoseconds limit) = 0;
};

/// Reads the partitions it was given (static membership: partition p belongs to worker p mod workers), from the offsets
/// committed under its group id, or the earliest. Not thread-safe.
class EventConsumer {
 public:
  virtual ~EventConsumer() = default;
  /// Waits up to `limit` for records and returns what came, at most `maximum`. Empty: nothing came.
  virtual Result<std::vector<BusRecord>> poll(std::size_t maximum, Nanoseconds limit) = 0;
  /// The last poll held records back that it could have had: the bus has more, though it brought fewer than asked for.
  virtual bool held_back() const { return false; }
  /// For one that is too busy to poll: whoever reads together with it waits a while longer instead of leaving it
  /// behind.
  virtual void keep_place() {}
  /// Commits the offset after the last record returned, for each partition; asynchronous, at most every 100 ms;
  /// forced: at once, and waits for the broker's acknowledgement, half a second at most. Also commits on assignment, so
  /// that a group shows up at once.
  virtual Result<void> commit(bool force) = 0;
};

/// Makes producers and consumers for the current generation of the broker. One implementation for any bootstrap
/// (bus/kafka_bus.cpp), one in memory for tests (bus/memory_bus.cpp), one contract suite for both. Thread-safe. What
/// it made may outlive it.
class EventBus {
 public:
  virtual ~EventBus() = default;
  virtual Result<std::unique_ptr<EventProducer>> make_producer(const std::string& client_id) = 0;
  virtual Result<std::unique_ptr<EventConsumer>> make_consumer(const std::string& group, const std::string& topic,
                                                               int workers, int worker_index) = 0;
  /// Changes when the broker was replaced: what was made before is then stale and must be made again.
  virtual int generation() { return 0; }
};

std::unique_ptr<EventBus> make_kafka_bus(std::string bootstrap);
std::unique_ptr<EventBus> make_memory_bus();
/// What services use: Kafka at the peer `broker.kafka`, looked up at each call. While that peer is unknown,
/// make_producer and make_consumer return an error at once: try again in a while. `peers` outlives the bus.
std::unique_ptr<EventBus> make_peer_bus(PeerDirectory& peers);

}  // namespace tidegate::platform
