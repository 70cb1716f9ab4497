#include "platform/bus/kafka_group.hpp"

#include <librdkafka/rdkafka.h>

namespace tidegate::platform {
namespace {

constexpr Nanoseconds kCommitEvery = std::chrono::milliseconds(100);
constexpr Nanoseconds kCommitLimit = std::chrono::milliseconds(500);

struct AdminDeleter {
  void operator()(rd_kafka_AlterConsumerGroupOffsets_t* change) const noexcept {
    rd_kafka_AlterConsumerGroupOffsets_destroy(change);
  }
  void operator()(rd_kafka_ListConsumerGroupOffsets_t* question) const noexcept {
    rd_kafka_ListConsumerGroupOffsets_destroy(question);
  }
  void operator()(rd_kafka_event_t* event) const noexcept { rd_kafka_event_destroy(event); }
};
using OffsetsChange = std::unique_ptr<rd_kafka_AlterConsumerGroupOffsets_t, AdminDeleter>;
using OffsetsQuestion = std::unique_ptr<rd_kafka_ListConsumerGroupOffsets_t, AdminDeleter>;
using EventHandle = std::unique_ptr<rd_kafka_event_t, AdminDeleter>;

/// What is wrong with the answer about groups; empty: nothing.
std::string failure_of(rd_kafka_event_t* event, const rd_kafka_group_result_t** groups, std::size_t count) {
  if (rd_kafka_event_error(event) != RD_KAFKA_RESP_ERR_NO_ERROR) return rd_kafka_event_error_string(event);
  for (std::size_t i = 0; i < count; ++i) {
    if (const auto* error = rd_kafka_group_result_error(groups[i])) return rd_kafka_error_string(error);
    const auto* partitions = rd_kafka_group_result_partitions(groups[i]);
    for (int p = 0; p < partitions->cnt; ++p) {
      if (partitions->elems[p].err != RD_KAFKA_RESP_ERR_NO_ERROR) return rd_kafka_err2str(partitions->elems[p].err);
    }
  }
  return {};
}

std::string commit_failure(rd_kafka_event_t* event) {
  if (rd_kafka_event_error(event) != RD_KAFKA_RESP_ERR_NO_ERROR) return rd_kafka_event_error_string(event);
  const auto* result = rd_kafka_event_AlterConsumerGroupOffsets_result(event);
  std::size_t count = 0;
  const auto** groups = rd_kafka_AlterConsumerGroupOffsets_result_groups(result, &count);
  return failure_of(event, groups, count);
}

}  // namespace

KafkaGroup::KafkaGroup(rd_kafka_s* handle, std::string group, std::string topic, Nanoseconds answer_limit)
    : handle_(handle),
      answers_(rd_kafka_queue_new(handle)),
      group_(std::move(group)),
      topic_(std::move(topic)),
      answer_limit_(answer_limit) {}

Result<Offsets> KafkaGroup::start(const std::vector<int>& partitions, Nanoseconds limit) {
  auto offsets = committed(partitions, limit);
  if (!offsets) return offsets;
  if (auto found = find_oldest(*offsets, partitions, limit); !found) return found.error();
  return offsets;
}

Result<Offsets> KafkaGroup::committed(const std::vector<int>& partitions, Nanoseconds limit) {
  auto options = kafka::make_admin_options(handle_, RD_KAFKA_ADMIN_OP_LISTCONSUMERGROUPOFFSETS);
  if (!options) return options.error();
  const kafka::PartitionList list(rd_kafka_topic_partition_list_new(static_cast<int>(partitions.size())));
  for (const int partition : partitions) rd_kafka_topic_partition_list_add(list.get(), topic_.c_str(), partition);
  const OffsetsQuestion question(rd_kafka_ListConsumerGroupOffsets_new(group_.c_str(), list.get()));
  rd_kafka_ListConsumerGroupOffsets_t* questions[] = {question.get()};
  const kafka::Queue answers(rd_kafka_queue_new(handle_));
  rd_kafka_ListConsumerGroupOffsets(handle_, questions, 1, options->get(), answers.get());
  const EventHandle event(rd_kafka_queue_poll(answers.get(), kafka::milliseconds(limit) + 100));
  if (!event) return timeout_error("committed offsets of topic " + topic_ + ": no answer");
  if (rd_kafka_event_error(event.get()) != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return closed_error("committed offsets of topic " + topic_ + ": " + rd_kafka_event_error_string(event.get()));
  }
  std::size_t count = 0;
  const auto** groups = rd_kafka_ListConsumerGroupOffsets_result_groups(
      rd_kafka_event_ListConsumerGroupOffsets_result(event.get()), &count);
  if (const std::string why = failure_of(event.get(), groups, count); !why.empty()) {
    return closed_error("committed offsets of topic " + topic_ + ": " + why);
  }
  Offsets offsets;
  for (std::size_t i = 0; i < count; ++i) {
    const auto* found = rd_kafka_group_result_partitions(groups[i]);
    for (int p = 0; p < found->cnt; ++p) {
      if (found->elems[p].offset >= 0) offsets[found->elems[p].partition] = found->elems[p].offset;
    }
  }
  return offsets;
}

/// For partitions without a committed offset; one question for all of them.
Result<void> KafkaGroup::find_oldest(Offsets& offsets, const std::vector<int>& partitions, Nanoseconds limit) {
  const kafka::PartitionList fresh(rd_kafka_topic_partition_list_new(static_cast<int>(partitions.size())));
  for (const int partition : partitions) {
    if (offsets.count(partition) == 1) continue;
    rd_kafka_topic_partition_list_add(fresh.get(), topic_.c_str(), partition)->offset = RD_KAFKA_OFFSET_BEGINNING;
  }
  if (fresh->cnt == 0) return {};
  if (const auto failed = rd_kafka_offsets_for_times(handle_, fresh.get(), kafka::milliseconds(limit))) {
    return closed_error("oldest offsets of topic " + topic_ + ": " + rd_kafka_err2str(failed));
  }
  for (int i = 0; i < fresh->cnt; ++i) {
    const rd_kafka_topic_partition_t& oldest = fresh->elems[i];
    if (oldest.err != RD_KAFKA_RESP_ERR_NO_ERROR || oldest.offset < 0) {
      return closed_error("oldest offset of topic " + topic_ + ": " + rd_kafka_err2str(oldest.err));
    }
    offsets[oldest.partition] = oldest.offset;
  }
  return {};
}

Result<void> KafkaGroup::send(const Offsets& next) {
  auto options = kafka::make_admin_options(handle_, RD_KAFKA_ADMIN_OP_ALTERCONSUMERGROUPOFFSETS);
  if (!options) return options.error();
  const kafka::PartitionList list(rd_kafka_topic_partition_list_new(static_cast<int>(next.size())));
  for (const auto& [partition, offset] : next) {
    rd_kafka_topic_partition_list_add(list.get(), topic_.c_str(), partition)->offset = offset;
  }
  const OffsetsChange change(rd_kafka_AlterConsumerGroupOffsets_new(group_.c_str(), list.get()));
  rd_kafka_AlterConsumerGroupOffsets_t* changes[] = {change.get()};
  rd_kafka_AlterConsumerGroupOffsets(handle_, changes, 1, options->get(), answers_.get());
  awaiting_answer_ = true;
  return {};
}

/// The answer to the commit under way, when it came within `limit`.
Result<void> KafkaGroup::receive_answer(Nanoseconds limit) {
  if (!awaiting_answer_) return {};
  const EventHandle event(rd_kafka_queue_poll(answers_.get(), kafka::milliseconds(limit)));
  if (!event) return {};
  awaiting_answer_ = false;
  const std::string failure = commit_failure(event.get());
  if (failure.empty()) return {};
  unsaid_ = true;
  return closed_error("commit offsets of topic " + topic_ + ": " + failure);
}

/// Otherwise one answer that is lost would hold the group's offsets for an hour. The request stays with librdkafka;
/// should it be carried out after all, it says an older place than the commits since, and the next one puts that right.
/// Whoever starts from there skips what was applied.
bool KafkaGroup::give_up_late_answer(Nanoseconds now) {
  if (!awaiting_answer_ || now - committed_at_ < answer_limit_) return false;
  answers_.reset(rd_kafka_queue_new(handle_));
  awaiting_answer_ = false;
  unsaid_ = true;
  return true;
}

Result<bool> KafkaGroup::commit(const Offsets& next, bool moved, bool force) {
  const Nanoseconds now = monotonic_now();
  if (auto answer = receive_answer(force ? kCommitLimit : Nanoseconds{0}); !answer) return answer.error();
  if (give_up_late_answer(now)) {
    return timeout_error("the broker never acknowledged the offsets of topic " + topic_ + "; committing them again");
  }
  if (!force && (awaiting_answer_ || !(moved || unsaid_) || now - committed_at_ < kCommitEvery)) return false;
  if (awaiting_answer_) return timeout_error("the broker does not acknowledge the offsets of topic " + topic_);
  if (auto sent = send(next); !sent) return sent.error();
  unsaid_ = false;
  committed_at_ = now;
  if (!force) return true;
  if (auto answer = receive_answer(kCommitLimit); !answer) return answer.error();
  if (awaiting_answer_) return timeout_error("the broker does not acknowledge the offsets of topic " + topic_);
  return true;
}

}  // namespace tidegate::platform
