#include "platform/bus/kafka_consumer.hpp"
#include "platform/bus/kafka_producer.hpp"

namespace tidegate::platform {
namespace {

class KafkaBus final : public EventBus {
 public:
  explicit KafkaBus(const std::string& bootstrap) : bootstrap_(bootstrap), feeds_(bootstrap) {}

  Result<std::unique_ptr<EventProducer>> make_producer(const std::string& client_id) override {
    return make_kafka_producer(bootstrap_, client_id);
  }

  Result<std::unique_ptr<EventConsumer>> make_consumer(const std::string& group, const std::string& topic, int workers,
                                                       int worker_index) override {
    return feeds_.make_consumer(group, topic, workers, worker_index);
  }

 private:
  const std::string bootstrap_;
  KafkaFeeds feeds_;
};

}  // namespace

std::unique_ptr<EventBus> make_kafka_bus(std::string bootstrap) {
  return std::make_unique<KafkaBus>(bootstrap);
}

}  // namespace tidegate::platform
