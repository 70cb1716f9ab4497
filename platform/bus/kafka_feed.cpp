#include "platform/bus/kafka_feed.hpp"

#include <librdkafka/rdkafka.h>

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include "platform/events/envelope.hpp"

namespace tidegate::platform {
namespace {

constexpr std::size_t kOfEach = 20;      // so many of each partition whatever their time
constexpr std::size_t kLookAhead = 100;  // out of a partition's queue at once
static_assert(2 * kOfEach * kPartitions <= kMostRecordsAtOnce, "most go by their time");

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
  for (const Lane& lane : lanes_) rd_kafka_queue_cb_event_enable(lane.fetched.get(), nullptr, nullptr);
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
    if (auto started = start_reading(queue.from); !started) return started.error();
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

void KafkaFeed::Arrival::tell() {
  const std::lock_guard lock(mutex);
  came = true;
  told.notify_one();
}

void KafkaFeed::Arrival::wait(Nanoseconds limit) {
  std::unique_lock lock(mutex);
  told.wait_for(lock, limit, [this] { return came; });
  came = false;
}

Result<void> KafkaFeed::start_reading(const Offsets& from) {
  auto queues = reader_->start_reading(topic_, from);
  if (!queues) return queues.error();
  for (auto& [partition, queue] : *queues) lanes_.push_back({std::move(queue), {}});
  for (const Lane& lane : lanes_) {
    rd_kafka_queue_cb_event_enable(
        lane.fetched.get(), [](rd_kafka_t*, void* arrival) { static_cast<Arrival*>(arrival)->tell(); }, &arrival_);
  }
  return {};
}

Result<std::vector<BusRecord>> KafkaFeed::fetch(Nanoseconds limit) {
  if (auto checked = reader_->check(); !checked) return checked.error();
  auto records = fetch_now();
  if (!records || !records->empty()) return records;
  arrival_.wait(limit);
  return fetch_now();
}

/// The oldest records first, though of each partition a few whatever their time: one whose producer's clock was ahead
/// goes on, too.
Result<std::vector<BusRecord>> KafkaFeed::fetch_now() {
  std::vector<BusRecord> records;
  for (Lane& lane : lanes_) {
    if (auto looked = look_ahead(lane); !looked) return looked.error();
    for (std::size_t i = 0; i < kOfEach && !lane.ahead.empty(); ++i) {
      if (auto moved = move_next(lane, records); !moved) return moved.error();
    }
  }
  const auto time_of_next = [](const Lane& lane) {
    return lane.ahead.empty() ? std::numeric_limits<std::int64_t>::max() : lane.ahead.front().timestamp_ms;
  };
  while (records.size() < kMostRecordsAtOnce) {
    Lane& oldest = *std::ranges::min_element(lanes_, {}, time_of_next);
    if (oldest.ahead.empty()) break;
    if (auto moved = move_next(oldest, records); !moved) return moved.error();
  }
  return records;
}

Result<void> KafkaFeed::move_next(Lane& lane, std::vector<BusRecord>& records) const {
  records.push_back(std::move(lane.ahead.front()));
  lane.ahead.pop_front();
  return look_ahead(lane);
}

Result<void> KafkaFeed::look_ahead(Lane& lane) const {
  if (!lane.ahead.empty()) return {};
  std::array<rd_kafka_message_s*, kLookAhead> fetched{};
  const auto count = rd_kafka_consume_batch_queue(lane.fetched.get(), 0, fetched.data(), fetched.size());
  Result<void> outcome;
  for (ssize_t i = 0; i < count; ++i) {
    const kafka::Message message(fetched[static_cast<std::size_t>(i)]);
    if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
      lane.ahead.push_back(to_record(*message));
    } else if (outcome && !passes_by_itself(message->err)) {
      outcome = closed_error("consume topic " + topic_ + ": " + rd_kafka_message_errstr(message.get()));
    }
  }
  return outcome;
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
