#pragma once
// The consumer half of the Kafka bus: assigned partitions, offsets committed under the group id without joining a group
// (a join costs 3 s on the embedded broker, and a killed member's partitions stay orphaned for its session timeout).

#include <map>
#include <memory>
#include <string>

#include "base/kafka.hpp"
#include "platform/bus/event_bus.hpp"

namespace tidegate::platform {

class KafkaConsumer final : public EventConsumer {
 public:
  KafkaConsumer(kafka::Handle handle, std::string group, std::string topic);
  ~KafkaConsumer() override;
  KafkaConsumer(const KafkaConsumer&) = delete;
  KafkaConsumer& operator=(const KafkaConsumer&) = delete;

  /// Looks up the committed offsets, assigns, and commits the starting positions so that the group shows up at once.
  Result<void> assign(int workers, int worker_index, Nanoseconds limit);

  Result<std::vector<BusRecord>> poll(std::size_t maximum, Nanoseconds limit) override;
  Result<void> commit(bool force) override;

 private:
  kafka::PartitionList positions() const;
  Result<void> send_positions();
  Result<void> receive_answer(Nanoseconds limit);
  Result<void> find_start(rd_kafka_topic_partition_list_s* partitions, int timeout_ms);

  kafka::Handle handle_;
  kafka::Queue answers_;  ///< to commits
  const std::string group_, topic_;
  std::map<int, std::int64_t> next_;  ///< per partition, the offset after the last record returned
  bool moved_ = false;                ///< since the last commit
  bool awaiting_answer_ = false;      ///< a commit is under way
  Nanoseconds committed_at_{0};
};

Result<std::unique_ptr<EventConsumer>> make_kafka_consumer(const std::string& bootstrap, const std::string& group,
                                                           const std::string& topic, int workers, int worker_index);

}  // namespace tidegate::platform
