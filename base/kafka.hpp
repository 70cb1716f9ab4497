#pragma once
// Owners for librdkafka's handles. librdkafka's types stay behind forward declarations; sources include
// <librdkafka/rdkafka.h> themselves.

#include <map>
#include <memory>
#include <string>

#include "base/result.hpp"
#include "base/time.hpp"

struct rd_kafka_s;
struct rd_kafka_topic_partition_list_s;
struct rd_kafka_message_s;
struct rd_kafka_queue_s;
struct rd_kafka_topic_s;
struct rd_kafka_AdminOptions_s;

namespace tidegate::kafka {

struct HandleDeleter {
  void operator()(rd_kafka_s* handle) const noexcept;  ///< rd_kafka_destroy (consumers close themselves first)
};
struct PartitionListDeleter {
  void operator()(rd_kafka_topic_partition_list_s* list) const noexcept;
};
struct MessageDeleter {
  void operator()(rd_kafka_message_s* message) const noexcept;
};
struct QueueDeleter {
  void operator()(rd_kafka_queue_s* queue) const noexcept;
};
struct TopicDeleter {
  void operator()(rd_kafka_topic_s* topic) const noexcept;
};
struct AdminOptionsDeleter {
  void operator()(rd_kafka_AdminOptions_s* options) const noexcept;
};
using Handle = std::unique_ptr<rd_kafka_s, HandleDeleter>;
using PartitionList = std::unique_ptr<rd_kafka_topic_partition_list_s, PartitionListDeleter>;
using Message = std::unique_ptr<rd_kafka_message_s, MessageDeleter>;
using Queue = std::unique_ptr<rd_kafka_queue_s, QueueDeleter>;
using Topic = std::unique_ptr<rd_kafka_topic_s, TopicDeleter>;
using AdminOptions = std::unique_ptr<rd_kafka_AdminOptions_s, AdminOptionsDeleter>;

using Settings = std::map<std::string, std::string>;  ///< librdkafka configuration properties

/// Whether a producer says what became of each message, as events of its main queue.
enum class DeliveryReports { none, events };

/// The error names the property that was refused.
Result<Handle> make_producer(const Settings& settings, DeliveryReports reports = DeliveryReports::none);
Result<Handle> make_consumer(const Settings& settings);

/// A limit in librdkafka's unit. Rounded up: the last fraction of a millisecond would else be a wait of zero, and
/// whoever waits in a loop would ask hundreds of times in vain. Never negative, which librdkafka takes for "for ever".
int milliseconds(Nanoseconds limit);

/// For one of an administrator's requests (`operation`: a rd_kafka_admin_op_t). librdkafka gives it an hour, and
/// whoever asks has a limit of its own: 2.0.2 ends the process (an assertion on a count of references) when a request
/// has timed out and its coordinator is found afterwards, as it is when a broker was down or a machine was busy.
Result<AdminOptions> make_admin_options(rd_kafka_s* handle, int operation);

}  // namespace tidegate::kafka
