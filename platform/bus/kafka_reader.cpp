#include "platform/bus/kafka_reader.hpp"

#include <librdkafka/rdkafka.h>

#include <algorithm>

#include "base/log.hpp"

namespace tidegate::platform {
namespace {

kafka::Settings consumer_settings(const std::string& bootstrap) {
  return {{"bootstrap.servers", bootstrap},
          {"client.id", "tidegate-reader"},
          {"group.id", "tidegate-reader"},  // nobody's: groups are spoken for by KafkaGroup
          {"enable.auto.commit", "false"},
          {"enable.auto.offset.store", "false"},
          {"auto.offset.reset", "earliest"},
          // The embedded broker never answers an idle fetch early, and each fetch costs it a walk per partition: at
          // 5,000 payments/s asking every 20 ms instead cost all roles together 4 %.
          {"fetch.wait.max.ms", "50"},
          {"fetch.error.backoff.ms", "50"},
          {"reconnect.backoff.ms", "50"},
          {"reconnect.backoff.max.ms", "500"},
          {"socket.timeout.ms", "6000"},          // a request to a broker that went silent
          {"queued.max.messages.kbytes", "512"},  // of each partition
          {"log_level", "3"}};
}

struct ErrorDeleter {
  void operator()(rd_kafka_error_t* error) const noexcept { rd_kafka_error_destroy(error); }
};
using KafkaError = std::unique_ptr<rd_kafka_error_t, ErrorDeleter>;

}  // namespace

Result<std::shared_ptr<KafkaReader>> KafkaReader::open(const std::string& bootstrap) {
  auto handle = kafka::make_consumer(consumer_settings(bootstrap));
  if (!handle) return handle.error();
  rd_kafka_poll_set_consumer(handle->get());
  return std::make_shared<KafkaReader>(std::move(*handle));
}

// Without closing: there is no group to leave, and closing waits for long when the brokers are gone.
KafkaReader::~KafkaReader() {
  rd_kafka_destroy_flags(handle_.release(), RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
}

bool KafkaReader::claim(const std::string& topic, const std::vector<int>& partitions) {
  const std::lock_guard lock(mutex_);
  const auto is_claimed = [&](int partition) { return claimed_.count({topic, partition}) == 1; };
  if (retired_ || std::ranges::any_of(partitions, is_claimed)) return false;
  for (const int partition : partitions) claimed_.insert({topic, partition});
  return true;
}

void KafkaReader::release(const std::string& topic, const std::vector<int>& partitions) {
  const std::lock_guard lock(mutex_);
  for (const int partition : partitions) claimed_.erase({topic, partition});
}

void KafkaReader::retire() {
  const std::lock_guard lock(mutex_);
  retired_ = true;
}

bool KafkaReader::retired() {
  const std::lock_guard lock(mutex_);
  return retired_;
}

// Forwarded before it is assigned, a partition's queue stays forwarded; otherwise it would be to the client's own.
Result<std::map<int, kafka::Queue>> KafkaReader::start_reading(const std::string& topic, const Offsets& from) {
  std::map<int, kafka::Queue> queues;
  const kafka::PartitionList list(rd_kafka_topic_partition_list_new(static_cast<int>(from.size())));
  for (const auto& [partition, offset] : from) {
    const kafka::Queue fetched(rd_kafka_queue_get_partition(handle_.get(), topic.c_str(), partition));
    auto& queue = queues[partition];
    queue.reset(rd_kafka_queue_new(handle_.get()));
    rd_kafka_queue_forward(fetched.get(), queue.get());
    rd_kafka_topic_partition_list_add(list.get(), topic.c_str(), partition)->offset = offset;
  }
  if (const KafkaError failed{rd_kafka_incremental_assign(handle_.get(), list.get())}) {
    return internal_error("assign partitions of topic " + topic + ": " + rd_kafka_error_string(failed.get()));
  }
  return Result<std::map<int, kafka::Queue>>(std::move(queues));
}

void KafkaReader::stop_reading(const std::string& topic, const std::vector<int>& partitions) {
  const kafka::PartitionList list(rd_kafka_topic_partition_list_new(static_cast<int>(partitions.size())));
  for (const int partition : partitions) rd_kafka_topic_partition_list_add(list.get(), topic.c_str(), partition);
  if (const KafkaError failed{rd_kafka_incremental_unassign(handle_.get(), list.get())}) {
    log::warn("partitions are still read", {{"topic", topic}, {"why", rd_kafka_error_string(failed.get())}});
  }
}

// What a partition has to say comes out of its feed's queue. Here come errors about the client's own group, which is
// nobody's, and those after which it does nothing any more.
Result<void> KafkaReader::check() {
  const kafka::Message said(rd_kafka_consumer_poll(handle_.get(), 0));
  const std::lock_guard lock(mutex_);
  if (said && said->err == RD_KAFKA_RESP_ERR__FATAL && !failure_) {
    failure_ = closed_error(std::string("the Kafka client: ") + rd_kafka_message_errstr(said.get()));
    retired_ = true;
  } else if (said && said->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
    log::debug("a Kafka client goes on after an error", {{"why", rd_kafka_message_errstr(said.get())}});
  }
  if (failure_) return *failure_;
  return {};
}

}  // namespace tidegate::platform
