#include "tests/unit/platform_workers/lossy_bus.hpp"

#include <deque>

#include "base/random.hpp"

namespace tidegate::platform {
namespace {

class LossyConsumer final : public EventConsumer {
 public:
  LossyConsumer(std::unique_ptr<EventConsumer> inner, LossyOptions options)
      : inner_(std::move(inner)), options_(options), draws_(options.seed, 0, 0) {}

  Result<std::vector<BusRecord>> poll(std::size_t maximum, Nanoseconds limit) override {
    auto fresh = inner_->poll(std::min<std::size_t>(maximum, 7), held_.empty() ? limit : Nanoseconds{0});
    if (!fresh) return fresh;
    ++polls_;
    std::vector<BusRecord> out;
    for (BusRecord& record : *fresh) {
      if (draws_.uniform() < options_.drop) continue;
      if (draws_.uniform() < options_.repeat) held_.push_back({polls_ + delay(), record});
      const int wait = delay();
      if (wait > 0) {
        held_.push_back({polls_ + wait, std::move(record)});
      } else {
        out.push_back(std::move(record));
      }
    }
    for (std::size_t i = 0; i < held_.size();) {
      if (held_[i].first > polls_) {
        ++i;
        continue;
      }
      out.push_back(std::move(held_[i].second));
      held_.erase(held_.begin() + static_cast<std::ptrdiff_t>(i));
    }
    return out;
  }

  Result<void> commit(bool force) override { return inner_->commit(force); }

 private:
  int delay() { return static_cast<int>(draws_.between(0, options_.reorder_window)); }

  std::unique_ptr<EventConsumer> inner_;
  LossyOptions options_;
  Draws draws_;
  int polls_ = 0;
  std::deque<std::pair<int, BusRecord>> held_;
};

class LossyBus final : public EventBus {
 public:
  LossyBus(EventBus& inner, LossyOptions options) : inner_(inner), options_(options) {}

  Result<std::unique_ptr<EventProducer>> make_producer(const std::string& client_id) override {
    return inner_.make_producer(client_id);
  }

  Result<std::unique_ptr<EventConsumer>> make_consumer(const std::string& group, const std::string& topic, int workers,
                                                       int worker_index) override {
    auto made = inner_.make_consumer(group, topic, workers, worker_index);
    if (!made) return made.error();
    return std::unique_ptr<EventConsumer>(std::make_unique<LossyConsumer>(std::move(*made), options_));
  }

 private:
  EventBus& inner_;
  LossyOptions options_;
};

}  // namespace

std::unique_ptr<EventBus> make_lossy_bus(EventBus& inner, LossyOptions options) {
  return std::make_unique<LossyBus>(inner, options);
}

}  // namespace tidegate::platform
