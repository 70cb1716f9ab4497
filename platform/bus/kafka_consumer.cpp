#include "platform/bus/kafka_consumer.hpp"

#include "platform/events/envelope.hpp"

namespace tidegate::platform {
namespace {

constexpr Nanoseconds kStartLimit = std::chrono::seconds(2);

}  // namespace

KafkaConsumer::KafkaConsumer(std::shared_ptr<KafkaFeed> feed, const std::string& group, const std::string& topic)
    : feed_(std::move(feed)), group_(feed_->reader().handle(), group, topic) {}

KafkaConsumer::~KafkaConsumer() {
  feed_->leave(queue_);
}

Result<bool> KafkaConsumer::start(Nanoseconds limit) {
  auto from = group_.start(feed_->partitions(), limit);
  if (!from) return from.error();
  next_ = *from;
  queue_.from = std::move(*from);
  if (auto committed = commit(true); !committed) return committed.error();
  return feed_->join(queue_);
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

Result<std::shared_ptr<KafkaReader>> KafkaFeeds::claim_reader(const std::string& topic,
                                                              const std::vector<int>& partitions) {
  std::erase_if(readers_, [](const std::weak_ptr<KafkaReader>& known) { return known.expired(); });
  for (const std::weak_ptr<KafkaReader>& known : readers_) {
    if (auto reader = known.lock(); reader && reader->claim(topic, partitions)) return reader;
  }
  auto opened = KafkaReader::open(bootstrap_);
  if (!opened) return opened;
  readers_.push_back(*opened);
  (*opened)->claim(topic, partitions);
  return opened;
}

Result<std::shared_ptr<KafkaFeed>> KafkaFeeds::open_feed(const std::string& topic, const std::vector<int>& partitions) {
  auto reader = claim_reader(topic, partitions);
  if (!reader) return reader.error();
  return std::make_shared<KafkaFeed>(std::move(*reader), topic, partitions);
}

Result<std::shared_ptr<KafkaFeed>> KafkaFeeds::shared_feed(const std::string& topic, int workers, int worker_index,
                                                           const std::vector<int>& partitions) {
  std::shared_ptr<KafkaFeed> before;  // ends, if it does, after the lock: its client may take a while
  const std::lock_guard lock(mutex_);
  auto& known = feeds_[{topic, workers, worker_index}];
  before = known.lock();
  if (before && !before->failed() && !before->reader().retired()) return before;
  auto opened = open_feed(topic, partitions);
  if (opened) known = *opened;
  return opened;
}

Result<std::shared_ptr<KafkaFeed>> KafkaFeeds::own_feed(const std::string& topic, const std::vector<int>& partitions) {
  const std::lock_guard lock(mutex_);
  return open_feed(topic, partitions);
}

Result<std::unique_ptr<EventConsumer>> KafkaFeeds::make_consumer(const std::string& group, const std::string& topic,
                                                                 int workers, int worker_index) {
  std::vector<int> partitions;
  for (int partition = worker_index; partition < kPartitions; partition += workers) partitions.push_back(partition);
  for (const bool behind_the_others : {false, true}) {
    const auto feed =
        behind_the_others ? own_feed(topic, partitions) : shared_feed(topic, workers, worker_index, partitions);
    if (!feed) return feed.error();
    auto consumer = std::make_unique<KafkaConsumer>(*feed, group, topic);
    const auto started = consumer->start(kStartLimit);
    if (!started) {
      (*feed)->reader().retire();
      return started.error();
    }
    if (*started) return std::unique_ptr<EventConsumer>(std::move(consumer));
  }
  return closed_error("consume topic " + topic + ": the client ended at once");
}

}  // namespace tidegate::platform
