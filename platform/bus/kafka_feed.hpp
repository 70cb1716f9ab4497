#pragma once
// Reads a topic for every group of the process: six roles that consume `payments` in one process fetch and unpack each
// record once. Whichever subscriber waits for records fetches for all.

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/kafka.hpp"
#include "platform/bus/event_bus.hpp"
#include "platform/bus/kafka_reader.hpp"

namespace tidegate::platform {

/// Thread-safe.
class KafkaFeed {
 public:
  /// What one subscriber has not taken yet.
  struct Queue {
    std::deque<BusRecord> records;
    Offsets from;  ///< records before are not its own
    std::optional<Nanoseconds> full_since;
    bool held_back = false;  ///< when it last took, the feed waited for a slower one
  };
  /// With as many records that a subscriber has not taken, nobody gets more: the faster ones go at its pace. One that
  /// takes none at all for the time of `kPatience` loses what comes then, as a bus may lose it: its outbox source has
  /// it.
  static constexpr std::size_t kMostQueued = 20'000;
  static constexpr Nanoseconds kPatience = std::chrono::seconds(2);

  /// The partitions are claimed of the reader.
  KafkaFeed(std::shared_ptr<KafkaReader> reader, std::string topic, std::vector<int> partitions);
  ~KafkaFeed();
  KafkaFeed(const KafkaFeed&) = delete;
  KafkaFeed& operator=(const KafkaFeed&) = delete;

  KafkaReader& reader() const { return *reader_; }
  const std::vector<int>& partitions() const { return partitions_; }

  /// The queue gets everything from its offsets on. The first one decides where reading begins; false for a later one
  /// that wants what was read before it came, and after a failure.
  Result<bool> join(Queue& queue);
  void leave(Queue& queue);
  /// It reads no more.
  bool failed();
  /// Takes what is in the queue, or waits up to `limit`. The error is everybody's: the feed reads no more.
  Result<std::vector<BusRecord>> take(Queue& queue, std::size_t maximum, Nanoseconds limit);
  /// As if it had taken something: patience anew.
  void be_patient_with(Queue& queue);

 private:
  /// Records that came within `limit`, or why there will be none any more. Without the lock.
  Result<std::vector<BusRecord>> fetch(Nanoseconds limit);
  Result<void> add(const rd_kafka_message_s& message, std::vector<BusRecord>& records) const;
  void hand_out(std::vector<BusRecord> records);
  bool waits_for_slower() const;

  const std::shared_ptr<KafkaReader> reader_;  // outlives what it gave: messages_
  kafka::Queue messages_;                      ///< what was fetched; none before it has begun
  const std::string topic_;
  const std::vector<int> partitions_;
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::set<Queue*> queues_;
  Offsets read_;  ///< per partition, the offset after the last record handed out; empty: not begun
  bool fetching_ = false;
  std::optional<Error> failure_;
};

}  // namespace tidegate::platform
