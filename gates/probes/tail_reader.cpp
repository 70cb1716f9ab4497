#include "gates/probes/tail_reader.hpp"

#include <librdkafka/rdkafka.h>

#include <algorithm>
#include <array>

namespace tidegate::gates {

TailReader::TailReader(kafka::Handle handle, const TopicSizes& topics)
    : handle_(std::move(handle)), queue_(rd_kafka_queue_get_consumer(handle_.get())) {
  for (const auto& [topic, partitions] : topics) rings_[topic].resize(static_cast<std::size_t>(partitions));
}

Result<TailReader> TailReader::make(const std::string& bootstrap, const TopicSizes& topics, Nanoseconds fetch_wait) {
  auto handle = kafka::make_consumer({
      {"bootstrap.servers", bootstrap},
      {"client.id", "tidegate-lag-tail"},
      {"group.id", "tidegate-lag-tail"},  // required; nothing joins or commits
      {"enable.auto.commit", "false"},
      {"enable.auto.offset.store", "false"},
      {"enable.partition.eof", "true"},  // tells the end of a partition that ends in markers instead of records
      {"auto.offset.reset", "earliest"},
      // Many records a few times a second instead of single ones at once: timestamps are exact either way.
      {"fetch.wait.max.ms", std::to_string(std::max(kafka::milliseconds(fetch_wait), 1))},
      {"fetch.min.bytes", "1000000"},
      {"queued.max.messages.kbytes", "16384"},
      {"log_level", "0"},
      {"reconnect.backoff.ms", "50"},
      {"reconnect.backoff.max.ms", "1000"},
  });
  if (!handle) return handle.error();
  return TailReader(std::move(*handle), topics);
}

void TailReader::begin(const std::map<std::string, std::vector<std::int64_t>>& offsets) {
  kafka::PartitionList list(rd_kafka_topic_partition_list_new(16));
  for (const auto& [topic, starts] : offsets) {
    for (std::size_t i = 0; i < starts.size(); ++i) {
      rd_kafka_topic_partition_list_add(list.get(), topic.c_str(), static_cast<int>(i))->offset = starts[i];
      ring(topic, static_cast<int>(i)).restart_at(starts[i]);
    }
  }
  rd_kafka_assign(handle_.get(), list.get());
  begun_ = true;
}

void TailReader::go_back(const std::string& topic, int partition, std::int64_t offset) {
  kafka::PartitionList list(rd_kafka_topic_partition_list_new(1));
  rd_kafka_topic_partition_list_add(list.get(), topic.c_str(), partition)->offset = offset;
  // Without waiting: records that are already under way are recognized by their higher offsets when older ones come.
  rd_kafka_error_t* error = rd_kafka_seek_partitions(handle_.get(), list.get(), 0);
  if (error != nullptr) rd_kafka_error_destroy(error);
}

std::size_t TailReader::take_batch() {
  std::array<rd_kafka_message_t*, 1000> messages;
  const ssize_t count = rd_kafka_consume_batch_queue(queue_.get(), 0, messages.data(), messages.size());
  for (ssize_t i = 0; i < count; ++i) {
    const kafka::Message message(messages[static_cast<std::size_t>(i)]);
    if (message->rkt == nullptr) continue;
    const bool at_end = message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF;
    if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR && !at_end) continue;
    const char* topic = rd_kafka_topic_name(message->rkt);
    if (last_rings_ == nullptr || last_topic_ != topic) {
      last_topic_ = topic;
      last_rings_ = &rings_[last_topic_];
    }
    const auto partition = static_cast<std::size_t>(message->partition);
    if (partition >= last_rings_->size()) continue;
    if (at_end) {
      (*last_rings_)[partition].reached(message->offset);
    } else {
      (*last_rings_)[partition].add(message->offset, rd_kafka_message_timestamp(message.get(), nullptr));
    }
  }
  return static_cast<std::size_t>(std::max<ssize_t>(count, 0));
}

void TailReader::read_available() {
  while (take_batch() > 0) {
  }
}

OffsetRing& TailReader::ring(const std::string& topic, int partition) {
  return rings_.at(topic).at(static_cast<std::size_t>(partition));
}

}  // namespace tidegate::gates
