#pragma once
// The consumer half of the Kafka bus: assigned partitions, offsets committed under the group id without joining a group
// (a join costs 3 s on the embedded broker, and a killed member's partitions stay orphaned for its session timeout).

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <tuple>

#include "platform/bus/kafka_feed.hpp"
#include "platform/bus/kafka_group.hpp"

namespace tidegate::platform {

/// A group's place in a feed.
class KafkaConsumer final : public EventConsumer {
 public:
  KafkaConsumer(std::shared_ptr<KafkaFeed> feed, const std::string& group, const std::string& topic);
  ~KafkaConsumer() override;
  KafkaConsumer(const KafkaConsumer&) = delete;
  KafkaConsumer& operator=(const KafkaConsumer&) = delete;

  /// Looks up where the group goes on, commits that place so that the group shows up at once, and joins the feed.
  /// False: the feed has read beyond it.
  Result<bool> start(Nanoseconds limit);

  Result<std::vector<BusRecord>> poll(std::size_t maximum, Nanoseconds limit) override;
  bool held_back() const override { return queue_.held_back; }
  void keep_place() override { feed_->be_patient_with(queue_); }
  Result<void> commit(bool force) override;

 private:
  const std::shared_ptr<KafkaFeed> feed_;
  KafkaGroup group_;
  KafkaFeed::Queue queue_;
  Offsets next_;        ///< per partition, the offset after the last record returned
  bool moved_ = false;  ///< since the last commit
};

/// The feeds of a bus, each for as long as somebody reads from it, and the clients that they share. Thread-safe.
class KafkaFeeds {
 public:
  explicit KafkaFeeds(std::string bootstrap) : bootstrap_(std::move(bootstrap)) {}
  Result<std::unique_ptr<EventConsumer>> make_consumer(const std::string& group, const std::string& topic, int workers,
                                                       int worker_index);

 private:
  /// Everybody's, for as long as it reads.
  Result<std::shared_ptr<KafkaFeed>> shared_feed(const std::string& topic, int workers, int worker_index,
                                                 const std::vector<int>& partitions);
  Result<std::shared_ptr<KafkaFeed>> own_feed(const std::string& topic, const std::vector<int>& partitions);
  // With the lock:
  Result<std::shared_ptr<KafkaFeed>> open_feed(const std::string& topic, const std::vector<int>& partitions);
  /// The first client that gives these partitions, or a new one.
  Result<std::shared_ptr<KafkaReader>> claim_reader(const std::string& topic, const std::vector<int>& partitions);

  const std::string bootstrap_;
  std::mutex mutex_;
  std::map<std::tuple<std::string, int, int>, std::weak_ptr<KafkaFeed>> feeds_;
  std::vector<std::weak_ptr<KafkaReader>> readers_;
};

}  // namespace tidegate::platform
