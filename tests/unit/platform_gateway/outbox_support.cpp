#include "tests/unit/platform_gateway/outbox_support.hpp"

namespace tidegate::platform::test {
namespace {

class WatchedProducer final : public EventProducer {
 public:
  explicit WatchedProducer(std::shared_ptr<WatchedBus::State> state) : state_(std::move(state)) {}

  Result<void> publish(const BusRecord& record) override {
    if (!state_->accepts) {
      ++state_->refusals;
      return timeout_error("the queue is full");
    }
    const auto event = Envelope::decode(record.value);
    if (!event) return event.error();
    const std::lock_guard lock(state_->mutex);
    state_->sequences[record.partition].push_back(event->sequence);
    state_->records[record.partition].push_back(record);
    ++state_->published;
    return {};
  }
  Result<void> flush(Nanoseconds) override {
    if (!state_->acknowledges) return timeout_error("not acknowledged");
    return {};
  }

 private:
  std::shared_ptr<WatchedBus::State> state_;
};

}  // namespace

Result<std::unique_ptr<EventProducer>> WatchedBus::make_producer(const std::string&) {
  if (!state->has_broker) return closed_error("no broker yet");
  const std::lock_guard lock(state->mutex);
  ++state->producers;
  return std::unique_ptr<EventProducer>(std::make_unique<WatchedProducer>(state));
}

bool without_holes(const std::map<int, std::vector<std::int64_t>>& sequences) {
  for (const auto& [partition, numbers] : sequences) {
    std::int64_t highest = 0;
    for (const std::int64_t number : numbers) {
      if (number > highest + 1) return false;
      highest = std::max(highest, number);
    }
  }
  return true;
}

}  // namespace tidegate::platform::test
