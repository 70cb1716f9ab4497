#include "platform/autoscaler/quota_bus.hpp"

#include <algorithm>
#include <mutex>
#include <thread>

namespace tidegate::platform {

/// Thread-safe.
class SharedQuota {
 public:
  explicit SharedQuota(int per_second) : quota_(per_second) {}
  std::size_t take(std::size_t wanted) {
    const std::lock_guard lock(mutex_);
    return quota_.take(wanted, monotonic_now());
  }
  void give_back(std::size_t unused) {
    const std::lock_guard lock(mutex_);
    quota_.give_back(unused);
  }

 private:
  std::mutex mutex_;
  Quota quota_;
};

namespace {

class QuotaConsumer final : public EventConsumer {
 public:
  QuotaConsumer(std::unique_ptr<EventConsumer> inner, std::shared_ptr<SharedQuota> quota)
      : inner_(std::move(inner)), quota_(std::move(quota)) {}

  Result<std::vector<BusRecord>> poll(std::size_t maximum, Nanoseconds limit) override {
    const std::size_t allowed = quota_->take(std::min(maximum, kAtOnce));
    held_back_ = allowed == 0;
    if (allowed > 0) {
      auto records = inner_->poll(allowed, limit);
      held_back_ = records && records->size() == allowed;
      quota_->give_back(allowed - (records ? records->size() : 0));
      return records;
    }
    std::this_thread::sleep_for(std::min<Nanoseconds>(limit, std::chrono::milliseconds(10)));
    return std::vector<BusRecord>();
  }
  bool held_back() const override { return held_back_ || inner_->held_back(); }
  void keep_place() override { inner_->keep_place(); }
  Result<void> commit(bool force) override { return inner_->commit(force); }

 private:
  static constexpr std::size_t kAtOnce = 10;  // so that consumers share alike
  std::unique_ptr<EventConsumer> inner_;
  std::shared_ptr<SharedQuota> quota_;
  bool held_back_ = false;
};

class QuotaBus final : public EventBus {
 public:
  QuotaBus(std::unique_ptr<EventBus> inner, std::shared_ptr<SharedQuota> quota)
      : inner_(std::move(inner)), quota_(std::move(quota)) {}

  Result<std::unique_ptr<EventProducer>> make_producer(const std::string& client_id) override {
    return inner_->make_producer(client_id);
  }
  Result<std::unique_ptr<EventConsumer>> make_consumer(const std::string& group, const std::string& topic, int workers,
                                                       int worker_index) override {
    auto made = inner_->make_consumer(group, topic, workers, worker_index);
    if (!made) return made.error();
    return std::unique_ptr<EventConsumer>(std::make_unique<QuotaConsumer>(std::move(*made), quota_));
  }
  int generation() override { return inner_->generation(); }

 private:
  std::unique_ptr<EventBus> inner_;
  std::shared_ptr<SharedQuota> quota_;
};

}  // namespace

std::size_t Quota::take(std::size_t wanted, Nanoseconds now) {
  if (filled_at_ == Nanoseconds{0}) filled_at_ = now;
  tokens_ = std::min(per_second_, tokens_ + per_second_ * to_seconds(now - filled_at_));
  filled_at_ = now;
  const auto taken = std::min(wanted, static_cast<std::size_t>(tokens_));
  tokens_ -= static_cast<double>(taken);
  return taken;
}

std::shared_ptr<SharedQuota> make_shared_quota(int events_per_second) {
  return events_per_second > 0 ? std::make_shared<SharedQuota>(events_per_second) : nullptr;
}

std::unique_ptr<EventBus> make_quota_bus(std::unique_ptr<EventBus> inner, std::shared_ptr<SharedQuota> quota) {
  if (!quota) return inner;
  return std::make_unique<QuotaBus>(std::move(inner), std::move(quota));
}

}  // namespace tidegate::platform
