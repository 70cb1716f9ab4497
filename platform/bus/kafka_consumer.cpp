#include "platform/bus/kafka_consumer.hpp"

namespace tidegate::platform {
namespace {

constexpr Nanoseconds kStartLimit = std::chrono::seconds(2);

}  // namespace

KafkaConsumer::KafkaConsumer(std::shared_ptr<KafkaFeed> feed, const std::string& group, const std::string& topic)
    : feed_(std::move(feed)), group_(feed_->handle(), group, topic) {}

KafkaConsumer::~KafkaConsumer() {
  feed_->leave(queue_);
}

Result<bool> KafkaConsumer::start(Nanoseconds limit) {
  auto from = group_.start(feed_->partitions(), limit);
  if (!from) return from.error();
  next_ = *from;
  queue_.from = std::move(*from);
  auto joined = feed_->join(queue_);
  if (!joined || !*joined) return joined;
  if (auto committed = commit(true); !committed) return committed.error();
  return true;
}

Result<std::vector<BusRecord>> KafkaConsumer::poll(std::size_t maximum, Nanoseconds limit) {
  auto records = feed_->take(queue_, maximum, limit);
  if (!records) return records;
  for (const BusRecord& record : *records) next_[record.partition] = record.offset + 1;
  moved_ = moved_ || !records->empty();
  return records;
}

Result<void> KafkaConsumer::commit(bool force) {
  auto sent = group_.commit(next_, moved_, force);
  if (!sent) return sent.error();
  if (*sent) moved_ = false;
  return {};
}

Result<std::unique_ptr<EventConsumer>> KafkaFeeds::make_consumer(const std::string& group, const std::string& topic,
                                                                 int workers, int worker_index) {
  std::shared_ptr<KafkaFeed> shared;
  {
    const std::lock_guard lock(mutex_);
    auto& known = feeds_[{topic, workers, worker_index}];
    shared = known.lock();
    if (!shared || shared->failed()) {
      auto opened = KafkaFeed::open(bootstrap_, topic, workers, worker_index);
      if (!opened) return opened.error();
      known = shared = std::move(*opened);
    }
  }
  auto consumer = std::make_unique<KafkaConsumer>(std::move(shared), group, topic);
  auto started = consumer->start(kStartLimit);
  if (!started) return started.error();
  if (*started) return std::unique_ptr<EventConsumer>(std::move(consumer));
  // It is behind the others: a feed of its own.
  auto own = KafkaFeed::open(bootstrap_, topic, workers, worker_index);
  if (!own) return own.error();
  consumer = std::make_unique<KafkaConsumer>(std::move(*own), group, topic);
  if (started = consumer->start(kStartLimit); !started) return started.error();
  return std::unique_ptr<EventConsumer>(std::move(consumer));
}

}  // namespace tidegate::platform
