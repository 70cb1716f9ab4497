#pragma once
// The producer half of the Kafka bus.

#include <memory>
#include <string>

#include "base/kafka.hpp"
#include "platform/bus/event_bus.hpp"

namespace tidegate::platform {

/// No delivery reports: the outbox, not the broker's acknowledgement, is the truth, so the handle needs no polling.
class KafkaProducer final : public EventProducer {
 public:
  explicit KafkaProducer(kafka::Handle handle) : handle_(std::move(handle)) {}
  ~KafkaProducer() override;
  KafkaProducer(const KafkaProducer&) = delete;
  KafkaProducer& operator=(const KafkaProducer&) = delete;

  Result<void> publish(const BusRecord& record) override;
  Result<void> flush(Nanoseconds limit) override;

 private:
  kafka::Handle handle_;
};

Result<std::unique_ptr<EventProducer>> make_kafka_producer(const std::string& bootstrap, const std::string& client_id);

}  // namespace tidegate::platform
