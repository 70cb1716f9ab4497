#include "platform/bus/kafka_consumer.hpp"

#include <librdkafka/rdkafka.h>

#include "platform/events/envelope.hpp"

namespace tidegate::platform {
namespace {

constexpr Nanoseconds kCommitEvery = std::chrono::milliseconds(100);
constexpr Nanoseconds kCommitLimit = std::chrono::milliseconds(500);
constexpr Nanoseconds kAssignLimit = std::chrono::seconds(2);

kafka::Settings consumer_settings(const std::string& bootstrap, const std::string& group) {
  return {{"bootstrap.servers", bootstrap},
          {"client.id", group},
          {"group.id", group},
          {"enable.auto.commit", "false"},
          {"enable.auto.offset.store", "false"},
          {"auto.offset.reset", "earliest"},
          {"fetch.wait.max.ms", "10"},  // the embedded broker never answers an idle fetch early
          {"fetch.error.backoff.ms", "50"},
          {"reconnect.backoff.ms", "50"},
          {"reconnect.backoff.max.ms", "500"},
          {"queued.max.messages.kbytes", "8192"},
          {"log_level", "3"}};
}

struct AdminDeleter {
  void operator()(rd_kafka_AdminOptions_t* options) const noexcept { rd_kafka_AdminOptions_destroy(options); }
  void operator()(rd_kafka_AlterConsumerGroupOffsets_t* change) const noexcept {
    rd_kafka_AlterConsumerGroupOffsets_destroy(change);
  }
  void operator()(rd_kafka_event_t* event) const noexcept { rd_kafka_event_destroy(event); }
};
using AdminOptions = std::unique_ptr<rd_kafka_AdminOptions_t, AdminDeleter>;
using OffsetsChange = std::unique_ptr<rd_kafka_AlterConsumerGroupOffsets_t, AdminDeleter>;
using EventHandle = std::unique_ptr<rd_kafka_event_t, AdminDeleter>;

int milliseconds(Nanoseconds t) {
  return static_cast<int>(std::chrono::duration_cast<std::chrono::milliseconds>(t).count());
}

/// Errors after which the handle keeps working: it reconnects by itself.
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

/// Why offsets were not committed; empty when they were.
std::string commit_failure(rd_kafka_event_t* event) {
  if (rd_kafka_event_error(event) != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return rd_kafka_event_error_string(event);
  }
  const auto* result = rd_kafka_event_AlterConsumerGroupOffsets_result(event);
  std::size_t count = 0;
  const auto** groups = rd_kafka_AlterConsumerGroupOffsets_result_groups(result, &count);
  for (std::size_t i = 0; i < count; ++i) {
    if (const auto* error = rd_kafka_group_result_error(groups[i])) return rd_kafka_error_string(error);
    const auto* partitions = rd_kafka_group_result_partitions(groups[i]);
    for (int p = 0; p < partitions->cnt; ++p) {
      if (partitions->elems[p].err != RD_KAFKA_RESP_ERR_NO_ERROR) return rd_kafka_err2str(partitions->elems[p].err);
    }
  }
  return {};
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

KafkaConsumer::KafkaConsumer(kafka::Handle handle, std::string group, std::string topic)
    : handle_(std::move(handle)),
      answers_(rd_kafka_queue_new(handle_.get())),
      group_(std::move(group)),
      topic_(std::move(topic)) {}

// Without closing: there is no group to leave, and closing waits for long when the brokers are gone.
KafkaConsumer::~KafkaConsumer() {
  answers_.reset();
  rd_kafka_destroy_flags(handle_.release(), RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
}

/// Replaces "no committed offset" by the oldest one held.
Result<void> KafkaConsumer::find_start(rd_kafka_topic_partition_list_s* partitions, int timeout_ms) {
  if (const auto failed = rd_kafka_committed(handle_.get(), partitions, timeout_ms)) {
    return closed_error("committed offsets of topic " + topic_ + ": " + rd_kafka_err2str(failed));
  }
  for (int i = 0; i < partitions->cnt; ++i) {
    rd_kafka_topic_partition_t& entry = partitions->elems[i];
    if (entry.err != RD_KAFKA_RESP_ERR_NO_ERROR) {
      return closed_error("committed offset of topic " + topic_ + ": " + rd_kafka_err2str(entry.err));
    }
    if (entry.offset >= 0) continue;
    std::int64_t oldest = 0;
    std::int64_t end = 0;
    const auto failed =
        rd_kafka_query_watermark_offsets(handle_.get(), topic_.c_str(), entry.partition, &oldest, &end, timeout_ms);
    if (failed != RD_KAFKA_RESP_ERR_NO_ERROR) {
      return closed_error("oldest offset of topic " + topic_ + ": " + rd_kafka_err2str(failed));
    }
    entry.offset = oldest;
  }
  return {};
}

Result<void> KafkaConsumer::assign(int workers, int worker_index, Nanoseconds limit) {
  const kafka::PartitionList partitions(rd_kafka_topic_partition_list_new(kPartitions));
  for (int partition = worker_index; partition < kPartitions; partition += workers) {
    rd_kafka_topic_partition_list_add(partitions.get(), topic_.c_str(), partition);
  }
  if (auto found = find_start(partitions.get(), milliseconds(limit)); !found) return found;
  for (int i = 0; i < partitions->cnt; ++i) next_[partitions->elems[i].partition] = partitions->elems[i].offset;
  if (const auto failed = rd_kafka_assign(handle_.get(), partitions.get())) {
    return internal_error("assign partitions of topic " + topic_ + ": " + rd_kafka_err2str(failed));
  }
  return commit(true);
}

Result<std::vector<BusRecord>> KafkaConsumer::poll(std::size_t maximum, Nanoseconds limit) {
  std::vector<BusRecord> records;
  int wait_ms = milliseconds(limit);
  while (records.size() < maximum) {
    const kafka::Message message(rd_kafka_consumer_poll(handle_.get(), wait_ms));
    wait_ms = 0;  // only the first one is waited for
    if (!message) break;
    if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
      if (passes_by_itself(message->err)) continue;
      return closed_error("consume topic " + topic_ + ": " + rd_kafka_message_errstr(message.get()));
    }
    records.push_back(to_record(*message));
    next_[message->partition] = message->offset + 1;
    moved_ = true;
  }
  return records;
}

kafka::PartitionList KafkaConsumer::positions() const {
  kafka::PartitionList list(rd_kafka_topic_partition_list_new(static_cast<int>(next_.size())));
  for (const auto& [partition, offset] : next_) {
    rd_kafka_topic_partition_list_add(list.get(), topic_.c_str(), partition)->offset = offset;
  }
  return list;
}

/// Through the administrator's request, which ends by its own timeout. The consumer's commit call would hold the
/// offsets for as long as no coordinator is known, and destroying the handle would wait for that.
Result<void> KafkaConsumer::send_positions() {
  const kafka::PartitionList list = positions();
  const AdminOptions options(rd_kafka_AdminOptions_new(handle_.get(), RD_KAFKA_ADMIN_OP_ALTERCONSUMERGROUPOFFSETS));
  char why[256] = {};
  const auto refused =
      rd_kafka_AdminOptions_set_request_timeout(options.get(), milliseconds(kCommitLimit), why, sizeof why);
  if (refused != RD_KAFKA_RESP_ERR_NO_ERROR) return internal_error(std::string("commit offsets: ") + why);
  const OffsetsChange change(rd_kafka_AlterConsumerGroupOffsets_new(group_.c_str(), list.get()));
  rd_kafka_AlterConsumerGroupOffsets_t* changes[] = {change.get()};
  rd_kafka_AlterConsumerGroupOffsets(handle_.get(), changes, 1, options.get(), answers_.get());
  awaiting_answer_ = true;
  return {};
}

/// The answer to the commit under way, when it came within `limit`.
Result<void> KafkaConsumer::receive_answer(Nanoseconds limit) {
  if (!awaiting_answer_) return {};
  const EventHandle event(rd_kafka_queue_poll(answers_.get(), milliseconds(limit)));
  if (!event) return {};
  awaiting_answer_ = false;
  const std::string failure = commit_failure(event.get());
  if (failure.empty()) return {};
  moved_ = true;  // so that it is said again
  return closed_error("commit offsets of topic " + topic_ + ": " + failure);
}

Result<void> KafkaConsumer::commit(bool force) {
  const Nanoseconds now = monotonic_now();
  if (auto answer = receive_answer(force ? kCommitLimit : Nanoseconds{0}); !answer) return answer;
  if (!force && (awaiting_answer_ || !moved_ || now - committed_at_ < kCommitEvery)) return {};
  if (awaiting_answer_) return timeout_error("the broker does not acknowledge the offsets of topic " + topic_);
  if (auto sent = send_positions(); !sent) return sent;
  moved_ = false;
  committed_at_ = now;
  if (!force) return {};
  if (auto answer = receive_answer(kCommitLimit); !answer) return answer;
  if (awaiting_answer_) return timeout_error("the broker does not acknowledge the offsets of topic " + topic_);
  return {};
}

Result<std::unique_ptr<EventConsumer>> make_kafka_consumer(const std::string& bootstrap, const std::string& group,
                                                           const std::string& topic, int workers, int worker_index) {
  auto handle = kafka::make_consumer(consumer_settings(bootstrap, group));
  if (!handle) return handle.error();
  rd_kafka_poll_set_consumer(handle->get());
  auto consumer = std::make_unique<KafkaConsumer>(std::move(*handle), group, topic);
  if (auto assigned = consumer->assign(workers, worker_index, kAssignLimit); !assigned) return assigned.error();
  return std::unique_ptr<EventConsumer>(std::move(consumer));
}

}  // namespace tidegate::platform
