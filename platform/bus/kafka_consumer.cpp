#include "platform/bus/kafka_consumer.hpp"

#include "platform/events/envelope.hpp"

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

Result<std::shared_ptr<KafkaFeed>> KafkaFeeds::open_feed(const std::string& topic, std::vector<int> partitions) {
  std::erase_if(readers_, [](const std::weak_ptr<KafkaReader>& known) { return known.expired(); });
  for (const std::weak_ptr<KafkaReader>& known : readers_) {
    auto reader = known.lock();
    if (reader && reader->claim(topic, partitions)) {
      return std::make_shared<KafkaFeed>(std::move(reader), topic, std::move(partitions));
    }
  }
  auto reader = KafkaReader::open(bootstrap_);
  if (!reader) return reader.error();
  readers_.push_back(*reader);
  (*reader)->claim(topic, partitions);
  return std::make_shared<KafkaFeed>(std::move(*reader), topic, std::move(partitions));
}

Result<std::unique_ptr<EventConsumer>> KafkaFeeds::make_consumer(const std::string& group, const std::string& topic,
                                                                 int workers, int worker_index) {
  std::vector<int> partitions;
  for (int partition = worker_index; partition < kPartitions; partition += workers) partitions.push_back(partition);
  std::shared_ptr<KafkaFeed> shared;
  {
    const std::lock_guard lock(mutex_);
    auto& known = feeds_[{topic, workers, worker_index}];
    shared = known.lock();
    if (!shared || shared->failed()) {
      auto opened = open_feed(topic, partitions);
      if (!opened) return opened.error();
      known = shared = std::move(*opened);
    }
  }
  auto consumer = std::make_unique<KafkaConsumer>(std::move(shared), group, topic);
  auto started = consumer->start(kStartLimit);
  if (!started) return started.error();
  if (*started) return std::unique_ptr<EventConsumer>(std::move(consumer));
  // It is behind the others: a feed of its own.
  auto own = [&] {
    const std::lock_guard lock(mutex_);
    return open_feed(topic, partitions);
  }();
  if (!own) return own.error();
  consumer = std::make_unique<KafkaConsumer>(std::move(*own), group, topic);
  if (started = consumer->start(kStartLimit); !started) return started.error();
  return std::unique_ptr<EventConsumer>(std::move(consumer));
}

}  // namespace tidegate::platform
