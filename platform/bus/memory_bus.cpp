// The bus without a broker: topics are vectors in this process. It keeps every promise of event_bus.hpp that its users
// rely on (order per partition, committed offsets per group, static membership), and is what unit tests run on.

#include <array>
#include <condition_variable>
#include <map>
#include <mutex>

#include "platform/bus/event_bus.hpp"
#include "platform/events/envelope.hpp"

namespace tidegate::platform {
namespace {

struct Topic {
  std::array<std::vector<BusRecord>, kPartitions> partitions;
};

/// Shared by the bus and all that it made.
struct Log {
  std::mutex mutex;
  std::condition_variable arrived;
  std::map<std::string, Topic> topics;
  std::map<std::pair<std::string, std::string>, std::map<int, std::int64_t>> committed;  // (group, topic) -> offsets
};

class MemoryProducer final : public EventProducer {
 public:
  explicit MemoryProducer(std::shared_ptr<Log> log) : log_(std::move(log)) {}

  Result<void> publish(const BusRecord& record) override {
    if (record.partition < 0 || record.partition >= kPartitions) {
      return internal_error("topic " + record.topic + " has no partition " + std::to_string(record.partition));
    }
    {
      const std::lock_guard lock(log_->mutex);
      auto& partition = log_->topics[record.topic].partitions[static_cast<std::size_t>(record.partition)];
      partition.push_back(record);
      partition.back().offset = static_cast<std::int64_t>(partition.size()) - 1;
    }
    log_->arrived.notify_all();
    return {};
  }

  Result<void> flush(Nanoseconds) override { return {}; }

 private:
  std::shared_ptr<Log> log_;
};

class MemoryConsumer final : public EventConsumer {
 public:
  MemoryConsumer(std::shared_ptr<Log> log, const std::string& group, std::string topic, int workers, int worker_index)
      : log_(std::move(log)), group_(group, topic), topic_(std::move(topic)) {
    const std::lock_guard lock(log_->mutex);
    auto& committed = log_->committed[group_];
    for (int partition = worker_index; partition < kPartitions; partition += workers) {
      positions_[partition] = committed.try_emplace(partition, 0).first->second;
    }
  }

  Result<std::vector<BusRecord>> poll(std::size_t maximum, Nanoseconds limit) override {
    std::vector<BusRecord> records;
    std::unique_lock lock(log_->mutex);
    log_->arrived.wait_for(lock, limit, [&] {
      take(maximum, records);
      return !records.empty();
    });
    return records;
  }

  Result<void> commit(bool) override {
    const std::lock_guard lock(log_->mutex);
    for (const auto& [partition, position] : positions_) log_->committed[group_][partition] = position;
    return {};
  }

 private:
  void take(std::size_t maximum, std::vector<BusRecord>& records) {
    Topic& topic = log_->topics[topic_];
    for (auto& [partition, position] : positions_) {
      const auto& source = topic.partitions[static_cast<std::size_t>(partition)];
      while (records.size() < maximum && position < static_cast<std::int64_t>(source.size())) {
        records.push_back(source[static_cast<std::size_t>(position++)]);
      }
    }
  }

  std::shared_ptr<Log> log_;
  std::pair<std::string, std::string> group_;
  std::string topic_;
  std::map<int, std::int64_t> positions_;  // next offset to read
};

class MemoryBus final : public EventBus {
 public:
  Result<std::unique_ptr<EventProducer>> make_producer(const std::string&) override {
    return std::unique_ptr<EventProducer>(std::make_unique<MemoryProducer>(log_));
  }

  Result<std::unique_ptr<EventConsumer>> make_consumer(const std::string& group, const std::string& topic, int workers,
                                                       int worker_index) override {
    return std::unique_ptr<EventConsumer>(std::make_unique<MemoryConsumer>(log_, group, topic, workers, worker_index));
  }

 private:
  std::shared_ptr<Log> log_ = std::make_shared<Log>();
};

}  // namespace

std::unique_ptr<EventBus> make_memory_bus() {
  return std::make_unique<MemoryBus>();
}

}  // namespace tidegate::platform
