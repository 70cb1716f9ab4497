#include "platform/bus/kafka_producer.hpp"

#include <librdkafka/rdkafka.h>

#include <thread>

namespace tidegate::platform {
namespace {

constexpr int kMetadataLimitMs = 500;
constexpr Nanoseconds kQueueFullLimit = std::chrono::seconds(1);
constexpr Nanoseconds kQueueFullPause = std::chrono::milliseconds(5);

kafka::Settings producer_settings(const std::string& bootstrap, const std::string& client_id) {
  return {{"bootstrap.servers", bootstrap},
          {"client.id", client_id},
          {"enable.idempotence", "true"},
          {"acks", "all"},
          {"linger.ms", "25"},  // a request carries one partition's records: at 75/s each, one or two instead of one
          {"compression.codec", "lz4"},
          {"allow.auto.create.topics", "false"},
          {"message.timeout.ms", "120000"},
          {"reconnect.backoff.ms", "50"},
          {"reconnect.backoff.max.ms", "500"},
          {"log_level", "3"}};
}

rd_kafka_resp_err_t produce(rd_kafka_t* handle, const BusRecord& record) {
  return rd_kafka_producev(handle, RD_KAFKA_V_TOPIC(record.topic.c_str()), RD_KAFKA_V_PARTITION(record.partition),
                           RD_KAFKA_V_KEY(record.key.data(), record.key.size()),
                           RD_KAFKA_V_VALUE(const_cast<char*>(record.value.data()), record.value.size()),
                           RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_TIMESTAMP(record.timestamp_ms),
                           RD_KAFKA_V_END);
}

/// Learns the cluster's topics before the first record needs them: without it, that record waits up to a second. A
/// broker that does not answer now is found later.
void learn_topics(rd_kafka_t* handle) {
  constexpr int all_topics = 1;
  const rd_kafka_metadata_t* metadata = nullptr;
  if (rd_kafka_metadata(handle, all_topics, nullptr, &metadata, kMetadataLimitMs) == RD_KAFKA_RESP_ERR_NO_ERROR) {
    rd_kafka_metadata_destroy(metadata);
  }
}

}  // namespace

Result<std::unique_ptr<EventProducer>> make_kafka_producer(const std::string& bootstrap, const std::string& client_id) {
  auto handle = kafka::make_producer(producer_settings(bootstrap, client_id));
  if (!handle) return handle.error();
  learn_topics(handle->get());
  return std::unique_ptr<EventProducer>(std::make_unique<KafkaProducer>(std::move(*handle)));
}

KafkaProducer::~KafkaProducer() {
  // Whoever wants queued records delivered has flushed; destroying waits for nothing more.
  rd_kafka_purge(handle_.get(), RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
}

Result<void> KafkaProducer::publish(const BusRecord& record) {
  Nanoseconds waited{0};
  while (true) {
    const rd_kafka_resp_err_t failed = produce(handle_.get(), record);
    if (failed == RD_KAFKA_RESP_ERR_NO_ERROR) return {};
    const std::string where = "publish to " + record.topic + "/" + std::to_string(record.partition) + ": ";
    if (failed != RD_KAFKA_RESP_ERR__QUEUE_FULL) return internal_error(where + rd_kafka_err2str(failed));
    if (waited >= kQueueFullLimit) return timeout_error(where + "the queue to the broker stayed full for a second");
    std::this_thread::sleep_for(kQueueFullPause);
    waited += kQueueFullPause;
  }
}

Result<void> KafkaProducer::flush(Nanoseconds limit) {
  const auto milliseconds = std::chrono::duration_cast<std::chrono::milliseconds>(limit).count();
  const rd_kafka_resp_err_t failed = rd_kafka_flush(handle_.get(), static_cast<int>(milliseconds));
  if (failed == RD_KAFKA_RESP_ERR_NO_ERROR) return {};
  return timeout_error(std::to_string(rd_kafka_outq_len(handle_.get())) +
                       " records were not acknowledged by the broker within the limit");
}

}  // namespace tidegate::platform
