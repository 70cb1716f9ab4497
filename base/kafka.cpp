#include "base/kafka.hpp"

#include <librdkafka/rdkafka.h>

#include <algorithm>
#include <limits>

#include "base/log.hpp"

namespace tidegate::kafka {
namespace {

struct ConfigurationDeleter {
  void operator()(rd_kafka_conf_s* configuration) const noexcept { rd_kafka_conf_destroy(configuration); }
};

/// librdkafka's own lines, as ours. Called from its threads.
void write_log(const rd_kafka_t* handle, int syslog_level, const char* facility, const char* message) {
  const log::Level level = syslog_level <= 3   ? log::Level::error
                           : syslog_level == 4 ? log::Level::warn
                           : syslog_level <= 6 ? log::Level::info
                                               : log::Level::debug;
  log::write(level, message, {{"librdkafka", facility}, {"client", handle ? rd_kafka_name(handle) : ""}});
}

Result<Handle> make(rd_kafka_type_t type, const Settings& settings, int events) {
  char why[512] = {};
  std::unique_ptr<rd_kafka_conf_s, ConfigurationDeleter> configuration(rd_kafka_conf_new());
  for (const auto& [name, value] : settings) {
    if (rd_kafka_conf_set(configuration.get(), name.c_str(), value.c_str(), why, sizeof why) != RD_KAFKA_CONF_OK) {
      return usage_error("Kafka setting " + name + "=" + value + ": " + why);
    }
  }
  rd_kafka_conf_set_log_cb(configuration.get(), write_log);
  if (events != 0) rd_kafka_conf_set_events(configuration.get(), events);
  Handle handle(rd_kafka_new(type, configuration.get(), why, sizeof why));
  if (!handle) return machine_error(std::string("start the Kafka client: ") + why);
  (void)configuration.release();  // rd_kafka_new took it
  return handle;
}

}  // namespace

void HandleDeleter::operator()(rd_kafka_s* handle) const noexcept {
  rd_kafka_destroy(handle);
}

void PartitionListDeleter::operator()(rd_kafka_topic_partition_list_s* list) const noexcept {
  rd_kafka_topic_partition_list_destroy(list);
}

void MessageDeleter::operator()(rd_kafka_message_s* message) const noexcept {
  rd_kafka_message_destroy(message);
}

void QueueDeleter::operator()(rd_kafka_queue_s* queue) const noexcept {
  rd_kafka_queue_destroy(queue);
}

void AdminOptionsDeleter::operator()(rd_kafka_AdminOptions_s* options) const noexcept {
  rd_kafka_AdminOptions_destroy(options);
}

void TopicDeleter::operator()(rd_kafka_topic_s* topic) const noexcept {
  rd_kafka_topic_destroy(topic);
}

Result<Handle> make_producer(const Settings& settings, DeliveryReports reports) {
  return make(RD_KAFKA_PRODUCER, settings, reports == DeliveryReports::events ? RD_KAFKA_EVENT_DR : 0);
}
Result<Handle> make_consumer(const Settings& settings) {
  return make(RD_KAFKA_CONSUMER, settings, 0);
}

int milliseconds(Nanoseconds limit) {
  const auto whole = std::chrono::ceil<std::chrono::milliseconds>(limit).count();
  return static_cast<int>(std::clamp<std::int64_t>(whole, 0, std::numeric_limits<int>::max()));
}

Result<AdminOptions> make_admin_options(rd_kafka_s* handle, int operation) {
  constexpr int kNeverGivenUpMs = 3'600'000;
  AdminOptions options(rd_kafka_AdminOptions_new(handle, static_cast<rd_kafka_admin_op_t>(operation)));
  char why[256] = {};
  const auto refused = rd_kafka_AdminOptions_set_request_timeout(options.get(), kNeverGivenUpMs, why, sizeof why);
  if (refused != RD_KAFKA_RESP_ERR_NO_ERROR) return internal_error(std::string("a Kafka request: ") + why);
  return Result<AdminOptions>(std::move(options));
}

}  // namespace tidegate::kafka
