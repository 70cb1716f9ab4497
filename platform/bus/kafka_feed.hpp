#pragma once
// Reads a topic for every group of the process: six roles that consume `payments` in one process fetch and unpack each
// record once. Whichever subscriber waits for records fetches for all. Partitions are read evenly, by their records'
// times. Left to the client, one fell behind another by half of what the group was behind, and a group that is behind
// paid for it: rows are ordered by time, so its transactions touched twice as many pages (13,500 requests/s on two
// cores, more than they carry: 27 KiB written and 521 us a payment, the ledger 38 s late; now 17, 453 and 25).

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
  /// What a partition has to say. Belongs to whoever fetches.
  struct Lane {
    kafka::Queue fetched;
    std::deque<BusRecord> ahead;  ///< out of the queue, not handed out
  };
  /// Some queue that was empty is so no more. Of its own lock, under which no queue is asked: librdkafka tells of it
  /// under the queue's.
  struct Arrival {
    std::mutex mutex;
    std::condition_variable told;
    bool came = false;

    void tell();
    void wait(Nanoseconds limit);
  };

  Result<void> start_reading(const Offsets& from);
  /// Records that came within `limit`, or why there will be none any more. Without the lock.
  Result<std::vector<BusRecord>> fetch(Nanoseconds limit);
  Result<std::vector<BusRecord>> fetch_now();
  Result<void> move_next(Lane& lane, std::vector<BusRecord>& records) const;
  /// Afterwards it has a record ahead, unless its queue is empty.
  Result<void> look_ahead(Lane& lane) const;
  void hand_out(std::vector<BusRecord> records);
  bool waits_for_slower() const;

  const std::shared_ptr<KafkaReader> reader_;  // outlives what it gave: the lanes' queues
  Arrival arrival_;
  std::vector<Lane> lanes_;  ///< none before it has begun
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
