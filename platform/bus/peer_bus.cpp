// Kafka wherever the peers file says it is at the moment.

#include <mutex>

#include "platform/bus/event_bus.hpp"
#include "platform/service/options.hpp"

namespace tidegate::platform {
namespace {

class PeerBus final : public EventBus {
 public:
  explicit PeerBus(PeerDirectory& peers) : peers_(peers) {}

  Result<std::unique_ptr<EventProducer>> make_producer(const std::string& client_id) override {
    auto bus = current();
    if (!bus) return bus.error();
    return (*bus)->make_producer(client_id);
  }

  Result<std::unique_ptr<EventConsumer>> make_consumer(const std::string& group, const std::string& topic, int workers,
                                                       int worker_index) override {
    auto bus = current();
    if (!bus) return bus.error();
    return (*bus)->make_consumer(group, topic, workers, worker_index);
  }

  int generation() override { return peers_.generation(); }

 private:
  /// The same one while the address is the same, so that its consumers share what they read.
  Result<std::shared_ptr<EventBus>> current() {
    const auto bootstrap = peers_.find("broker.kafka");
    if (!bootstrap) return closed_error("the peer 'broker.kafka' is not known yet");
    const std::lock_guard lock(mutex_);
    if (!bus_ || bootstrap_ != *bootstrap || generation_ != peers_.generation()) {
      bus_ = make_kafka_bus(*bootstrap);
      bootstrap_ = *bootstrap;
      generation_ = peers_.generation();
    }
    return bus_;
  }

  PeerDirectory& peers_;
  std::mutex mutex_;
  std::string bootstrap_;
  int generation_ = 0;
  std::shared_ptr<EventBus> bus_;
};

}  // namespace

std::unique_ptr<EventBus> make_peer_bus(PeerDirectory& peers) {
  return std::make_unique<PeerBus>(peers);
}

}  // namespace tidegate::platform
