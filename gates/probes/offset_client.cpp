#include "gates/probes/offset_client.hpp"

#include <librdkafka/rdkafka.h>

#include <algorithm>
#include <cstdint>
#include <memory>

namespace tidegate::gates {
namespace {

// librdkafka refuses requests with a limit of zero.
int milliseconds(Nanoseconds limit) {
  return std::max(1, kafka::milliseconds(limit));
}

struct EventDeleter {
  void operator()(rd_kafka_event_t* event) const noexcept { rd_kafka_event_destroy(event); }
};
using Event = std::unique_ptr<rd_kafka_event_t, EventDeleter>;

struct RequestDeleter {
  void operator()(rd_kafka_ListConsumerGroupOffsets_t* request) const noexcept {
    rd_kafka_ListConsumerGroupOffsets_destroy(request);
  }
};

kafka::PartitionList partitions_of(const std::string& topic, int count) {
  kafka::PartitionList list(rd_kafka_topic_partition_list_new(count));
  for (int i = 0; i < count; ++i) rd_kafka_topic_partition_list_add(list.get(), topic.c_str(), i);
  return list;
}

OffsetClient::Committed committed_in(rd_kafka_event_t* event, int partitions) {
  if (const auto error = rd_kafka_event_error(event); error != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return timeout_error(std::string("committed offsets: ") + rd_kafka_event_error_string(event));
  }
  std::size_t count = 0;
  const auto* result = rd_kafka_event_ListConsumerGroupOffsets_result(event);
  const rd_kafka_group_result_t** groups = rd_kafka_ListConsumerGroupOffsets_result_groups(result, &count);
  if (count != 1) return protocol_error("committed offsets: no group in the answer");
  if (const rd_kafka_error_t* error = rd_kafka_group_result_error(groups[0])) {
    return protocol_error(std::string("committed offsets: ") + rd_kafka_error_string(error));
  }
  const rd_kafka_topic_partition_list_t* list = rd_kafka_group_result_partitions(groups[0]);
  std::vector<std::optional<std::int64_t>> offsets(static_cast<std::size_t>(partitions));
  for (int i = 0; i < list->cnt; ++i) {
    const rd_kafka_topic_partition_t& one = list->elems[i];
    if (one.err != RD_KAFKA_RESP_ERR_NO_ERROR) {
      return protocol_error(std::string("committed offsets: ") + rd_kafka_err2str(one.err));
    }
    if (one.partition >= 0 && one.partition < partitions && one.offset >= 0) {
      offsets[static_cast<std::size_t>(one.partition)] = one.offset;
    }
  }
  return offsets;
}

}  // namespace

OffsetClient::OffsetClient(kafka::Handle handle, kafka::Queue queue, Nanoseconds timeout)
    : timeout_(timeout), handle_(std::move(handle)), queue_(std::move(queue)) {}

Result<OffsetClient> OffsetClient::make(const std::string& bootstrap, Nanoseconds timeout) {
  // A handle of its own: behind a waiting fetch on the same connection, an answer would come late.
  auto handle = kafka::make_producer({
      {"bootstrap.servers", bootstrap},
      {"client.id", "tidegate-lag-offsets"},
      {"log_level", "0"},  // a broker that is gone is counted as silence, not logged each time
      {"reconnect.backoff.ms", "50"},
      {"reconnect.backoff.max.ms", "1000"},
      {"topic.metadata.refresh.interval.ms", "10000"},
  });
  if (!handle) return handle.error();
  kafka::Queue queue(rd_kafka_queue_new(handle->get()));
  return OffsetClient(std::move(*handle), std::move(queue), timeout);
}

Result<TopicOffsets> OffsetClient::offsets_for(const TopicSizes& topics, std::int64_t which) {
  kafka::PartitionList list(rd_kafka_topic_partition_list_new(16));
  for (const auto& [topic, partitions] : topics) {
    for (int i = 0; i < partitions; ++i) {
      rd_kafka_topic_partition_list_add(list.get(), topic.c_str(), i)->offset = which;
    }
  }
  const auto error = rd_kafka_offsets_for_times(handle_.get(), list.get(), milliseconds(timeout_));
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) return timeout_error(std::string("offsets: ") + rd_kafka_err2str(error));
  TopicOffsets offsets;
  for (const auto& [topic, partitions] : topics) offsets[topic].resize(static_cast<std::size_t>(partitions));
  for (int i = 0; i < list->cnt; ++i) {
    const rd_kafka_topic_partition_t& one = list->elems[i];
    if (one.err != RD_KAFKA_RESP_ERR_NO_ERROR || one.offset < 0) continue;
    offsets[one.topic][static_cast<std::size_t>(one.partition)] = one.offset;
  }
  return offsets;
}

// Both are sent as timestamps: the protocol gives -1 and -2 the meaning of the end and the beginning, for all
// partitions in one request per broker.
Result<TopicOffsets> OffsetClient::low_watermarks(const TopicSizes& topics) {
  return offsets_for(topics, RD_KAFKA_OFFSET_BEGINNING);
}

Result<TopicOffsets> OffsetClient::end_offsets(const TopicSizes& topics) {
  return offsets_for(topics, RD_KAFKA_OFFSET_END);
}

void OffsetClient::ask(const LagGroup& group, std::size_t index) {
  const auto options = kafka::make_admin_options(handle_.get(), RD_KAFKA_ADMIN_OP_LISTCONSUMERGROUPOFFSETS);
  if (!options) return;  // as silent as a broker that does not answer
  // Which answer belongs to which group; an answer to an earlier round is recognized as such.
  const std::uintptr_t tag = round_ * 4096 + index;
  // A number that comes back with the answer, never followed.
  rd_kafka_AdminOptions_set_opaque(options->get(), reinterpret_cast<void*>(tag));  // NOLINT(performance-no-int-to-ptr)
  const kafka::PartitionList list = partitions_of(group.topic, group.partitions);
  const std::unique_ptr<rd_kafka_ListConsumerGroupOffsets_t, RequestDeleter> request(
      rd_kafka_ListConsumerGroupOffsets_new(group.group.c_str(), list.get()));
  rd_kafka_ListConsumerGroupOffsets_t* requests[] = {request.get()};
  rd_kafka_ListConsumerGroupOffsets(handle_.get(), requests, 1, options->get(), queue_.get());
}

std::vector<OffsetClient::Committed> OffsetClient::committed(const std::vector<LagGroup>& groups) {
  ++round_;
  std::vector<Committed> answers;
  for (std::size_t i = 0; i < groups.size(); ++i) {
    answers.push_back(timeout_error("committed offsets: no answer in time"));
    ask(groups[i], i);
  }
  const Nanoseconds deadline = monotonic_now() + timeout_ + std::chrono::milliseconds(50);
  for (std::size_t answered = 0; answered < groups.size();) {
    const Nanoseconds left = deadline - monotonic_now();
    if (left <= Nanoseconds{0}) break;
    const Event event(rd_kafka_queue_poll(queue_.get(), milliseconds(left)));
    if (!event || rd_kafka_event_type(event.get()) != RD_KAFKA_EVENT_LISTCONSUMERGROUPOFFSETS_RESULT) continue;
    const auto tag = reinterpret_cast<std::uintptr_t>(rd_kafka_event_opaque(event.get()));
    const std::size_t index = tag % 4096;
    if (tag / 4096 != round_ || index >= groups.size()) continue;
    answers[index] = committed_in(event.get(), groups[index].partitions);
    ++answered;
  }
  return answers;
}

}  // namespace tidegate::gates
