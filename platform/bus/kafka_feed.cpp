#include "platform/bus/kafka_feed.hpp"

#include <librdkafka/rdkafka.h>

#include <algorithm>
#include <utility>

#include "platform/events/envelope.hpp"

namespace tidegate::platform {
namespace {

/// Errors after which the client keeps working: it reconnects by itself.
bool passes_by_itself(rd_kafka_resp_err_t error) {
  switch (error) {
    case RD_KAFKA_RESP_ERR__TRANSPORT:
    case RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN:
    case RD_KAFKA_RESP_ERR__RESOLVE:
    case RD_KAFKA_RESP_ERR__TIMED_OUT:
    case RD_KAFKA_RESP_ERR__PARTITION_EOF:
    case RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION:
    case RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE:
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
      return true;
    default:
      return false;
  }
}

BusRecord to_record(const rd_kafka_message_t& message) {
  BusRecord record;
  record.topic = rd_kafka_topic_name(message.rkt);
  record.partition = message.partition;
  record.offset = message.offset;
  rd_kafka_timestamp_type_t type = RD_KAFKA_TIMESTAMP_NOT_AVAILABLE;
  record.timestamp_ms = rd_kafka_message_timestamp(&message, &type);
  record.key.assign(static_cast<const char*>(message.key), message.key_len);
  record.value.assign(static_cast<const char*>(message.payload), message.len);
  return record;
}

}  // namespace

KafkaFeed::KafkaFeed(std::shared_ptr<KafkaReader> reader, std::string topic, std::vector<int> partitions)
    : reader_(std::move(reader)), topic_(std::move(topic)), partitions_(std::move(partitions)) {}

KafkaFeed::~KafkaFeed() {
  if (read_.empty()) {
    reader_->release(topic_, partitions_);
  } else {
    reader_->stop_reading(topic_, partitions_);
  }
}

Result<bool> KafkaFeed::join(Queue& queue) {
  const std::lock_guard lock(mutex_);
  if (failure_) return false;
  if (read_.empty()) {
    auto messages = reader_->start_reading(topic_, queue.from);
    if (!messages) return messages.error();
    messages_ = std::move(*messages);
    read_ = queue.from;
  }
  for (const auto& [partition, offset] : queue.from) {
    if (offset < read_.at(partition)) return false;
  }
  queues_.insert(&queue);
  return true;
}

void KafkaFeed::leave(Queue& queue) {
  const std::lock_guard lock(mutex_);
  queues_.erase(&queue);
}

bool KafkaFeed::failed() {
  const std::lock_guard lock(mutex_);
  return failure_.has_value();
}

Result<std::vector<BusRecord>> KafkaFeed::take(Queue& queue, std::size_t maximum, Nanoseconds limit) {
  const Nanoseconds deadline = monotonic_now() + limit;
  std::unique_lock lock(mutex_);
  for (bool tried = false;;) {
    if (!queue.records.empty()) {
      const auto count = static_cast<std::ptrdiff_t>(std::min(maximum, queue.records.size()));
      const auto begin = queue.records.begin();
      std::vector<BusRecord> records(std::make_move_iterator(begin), std::make_move_iterator(begin + count));
      queue.records.erase(begin, begin + count);
      if (std::exchange(queue.full_since, std::nullopt)) {
        if (queue.records.size() >= kMostQueued) queue.full_since = monotonic_now();  // it moves: patience anew
        arrived_.notify_all();
      }
      queue.held_back = waits_for_slower();
      return records;
    }
    if (failure_) return *failure_;
    const Nanoseconds left = deadline - monotonic_now();
    queue.held_back = waits_for_slower();
    if (tried && left <= Nanoseconds{0}) return std::vector<BusRecord>();
    tried = true;
    if (queue.held_back) {
      arrived_.wait_for(lock, std::clamp(left, Nanoseconds{0}, kPatience));
      continue;
    }
    if (fetching_) {
      arrived_.wait_for(lock, std::max(left, Nanoseconds{0}));
      continue;
    }
    fetching_ = true;
    lock.unlock();
    auto records = fetch(std::max(left, Nanoseconds{0}));
    lock.lock();
    fetching_ = false;
    if (records) {
      hand_out(std::move(*records));
    } else {
      failure_ = records.error();
    }
    arrived_.notify_all();
  }
}

void KafkaFeed::be_patient_with(Queue& queue) {
  const std::lock_guard lock(mutex_);
  if (queue.full_since) queue.full_since = monotonic_now();
}

Result<std::vector<BusRecord>> KafkaFeed::fetch(Nanoseconds limit) {
  std::vector<BusRecord> records;
  if (auto checked = reader_->check(); !checked) return checked.error();
  const kafka::Message first(rd_kafka_consume_queue(messages_.get(), kafka::milliseconds(limit)));
  if (!first) return records;
  Result<void> outcome = add(*first, records);
  // Only the first one is waited for; the rest comes out of the queue together.
  std::vector<rd_kafka_message_s*> more(kMostRecordsAtOnce - 1);
  const auto count = rd_kafka_consume_batch_queue(messages_.get(), 0, more.data(), more.size());
  for (ssize_t i = 0; i < count; ++i) {
    const kafka::Message message(more[static_cast<std::size_t>(i)]);
    if (outcome) outcome = add(*message, records);
  }
  if (!outcome) return outcome.error();
  return records;
}

Result<void> KafkaFeed::add(const rd_kafka_message_s& message, std::vector<BusRecord>& records) const {
  if (message.err == RD_KAFKA_RESP_ERR_NO_ERROR) {
    records.push_back(to_record(message));
  } else if (!passes_by_itself(message.err)) {
    return closed_error("consume topic " + topic_ + ": " + rd_kafka_message_errstr(&message));
  }
  return {};
}

bool KafkaFeed::waits_for_slower() const {
  const Nanoseconds now = monotonic_now();
  return std::ranges::any_of(
      queues_, [now](const Queue* queue) { return queue->full_since && now - *queue->full_since < kPatience; });
}

void KafkaFeed::hand_out(std::vector<BusRecord> records) {
  const Nanoseconds now = monotonic_now();
  for (BusRecord& record : records) {
    read_[record.partition] = record.offset + 1;
    std::size_t left = queues_.size();
    for (Queue* queue : queues_) {
      --left;
      const bool lost = queue->full_since && now - *queue->full_since >= kPatience;
      // The record is moved out in the last turn only. NOLINTNEXTLINE(bugprone-use-after-move)
      if (record.offset < queue->from[record.partition] || lost) continue;
      if (left == 0) {
        queue->records.push_back(std::move(record));
      } else {
        queue->records.push_back(record);
      }
      if (queue->records.size() >= kMostQueued && !queue->full_since) queue->full_since = now;
    }
  }
}

}  // namespace tidegate::platform
