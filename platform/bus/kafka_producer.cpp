#include "platform/bus/kafka_producer.hpp"

#include <librdkafka/rdkafka.h>
#include <pthread.h>

#include <algorithm>

#include "base/assert.hpp"

namespace tidegate::platform {
namespace {

constexpr int kMetadataLimitMs = 500;
constexpr Nanoseconds kGather = std::chrono::milliseconds(50);
constexpr Nanoseconds kGatherMore = std::chrono::milliseconds(400);
// Records a second of each partition from which they gather for longer. The embedded broker keeps megabytes of each
// partition as a list of requests, and walks along it for every request that a consumer fetches: what that takes grows
// with the square of the number of requests. After minutes of requests with a few records each it took 0.4 of a core at
// 3,100 payments/s; requests of 200 ms took 0.17 at 5,000/s.
constexpr double kManyPerSecond = 40;
// A burst of a moment says nothing: at 100 payments/s one of 40 records made payments wait 400 ms every few seconds.
constexpr Nanoseconds kCountedOver = std::chrono::seconds(1);
constexpr Nanoseconds kFlushTick = std::chrono::milliseconds(2);
constexpr Nanoseconds kQueueFullLimit = std::chrono::seconds(1);
constexpr std::size_t kLongestQueue = 100'000;
// At once, of a partition: some 600 KB of events before compression, under librdkafka's limit of a request, 1 MB.
constexpr std::size_t kMostAtOnce = 1000;

kafka::Settings producer_settings(const std::string& bootstrap, const std::string& client_id) {
  return {{"bootstrap.servers", bootstrap},
          {"client.id", client_id},
          {"enable.idempotence", "true"},
          {"acks", "all"},
          {"linger.ms", "5"},  // for the rest of a batch, should this thread lose the processor while it hands it over
          {"compression.codec", "lz4"},
          {"allow.auto.create.topics", "false"},
          {"message.timeout.ms", "120000"},
          {"reconnect.backoff.ms", "50"},
          {"reconnect.backoff.max.ms", "500"},
          {"log_level", "3"}};
}

/// Learns the cluster's topics before the first record needs them: without it, that record waits up to a second. A
/// broker that does not answer now is found later.
void learn_topics(rd_kafka_t* handle) {
  constexpr int all_topics = 1;
  const rd_kafka_metadata_t* metadata = nullptr;
  if (rd_kafka_metadata(handle, all_topics, nullptr, &metadata, kMetadataLimitMs) == RD_KAFKA_RESP_ERR_NO_ERROR) {
    rd_kafka_metadata_destroy(metadata);
  }
}

}  // namespace

Result<std::unique_ptr<EventProducer>> make_kafka_producer(const std::string& bootstrap, const std::string& client_id) {
  auto handle = kafka::make_producer(producer_settings(bootstrap, client_id), kafka::DeliveryReports::events);
  if (!handle) return handle.error();
  learn_topics(handle->get());
  return std::unique_ptr<EventProducer>(std::make_unique<KafkaProducer>(std::move(*handle)));
}

KafkaProducer::KafkaProducer(kafka::Handle handle)
    : handle_(std::move(handle)), reports_(rd_kafka_queue_get_main(handle_.get())), thread_([this] { run(); }) {}

KafkaProducer::~KafkaProducer() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  work_.notify_all();
  thread_.join();
  // Whoever wants queued records delivered has flushed; destroying waits for nothing more.
  rd_kafka_purge(handle_.get(), RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
}

Result<void> KafkaProducer::publish(const BusRecord& record) {
  const auto where = [&] { return "publish to " + record.topic + "/" + std::to_string(record.partition) + ": "; };
  std::unique_lock lock(mutex_);
  if (!room_.wait_for(lock, kQueueFullLimit, [this] { return queued_ < kLongestQueue; })) {
    return timeout_error(where() + "the queue to the broker stayed full for a second");
  }
  Lane& lane = lanes_[{record.topic, record.partition}];
  if (!lane.refusal.empty()) return internal_error(where() + lane.refusal);
  lane.waiting.push_back(record);
  if (queued_++ == 0) work_.notify_all();
  return {};
}

Result<void> KafkaProducer::flush(Nanoseconds limit) {
  std::unique_lock lock(mutex_);
  flushing_ = true;
  work_.notify_all();
  const bool flushed = room_.wait_for(lock, limit, [this] { return queued_ == 0; });
  flushing_ = false;
  if (flushed) return {};
  return timeout_error(std::to_string(queued_) + " records were not acknowledged by the broker within the limit");
}

void KafkaProducer::run() {
  ::pthread_setname_np(::pthread_self(), "producer");
  std::unique_lock lock(mutex_);
  bool many = false;
  std::size_t sent = 0;
  Nanoseconds counted_from = monotonic_now();
  while (!stopping_) {
    work_.wait(lock, [this] { return stopping_ || queued_ > 0; });
    wait_for_more(lock, many ? kGatherMore : kGather);
    const Nanoseconds limit = flushing_ ? kFlushTick : Nanoseconds{0};
    sent += send(lock);
    if (const Nanoseconds counted = monotonic_now() - counted_from; counted >= kCountedOver) {
      many = static_cast<double>(sent) >= kManyPerSecond * to_seconds(counted) * static_cast<double>(lanes_.size());
      sent = 0;
      counted_from += counted;
    }
    lock.unlock();
    take_reports(limit);
    lock.lock();
  }
}

// Ends early when nothing comes any more: whoever waits for the last events of a burst does not wait for others. Only
// this thread takes records away, so what is queued can but grow meanwhile.
void KafkaProducer::wait_for_more(std::unique_lock<std::mutex>& lock, Nanoseconds gather) {
  const auto ends = [this] { return stopping_ || flushing_; };
  const Nanoseconds until = monotonic_now() + gather;
  for (Nanoseconds now = monotonic_now(); now < until; now = monotonic_now()) {
    const std::size_t before = queued_;
    if (work_.wait_for(lock, std::min(kGather, until - now), ends) || queued_ == before) return;
  }
}

void KafkaProducer::take_reports(Nanoseconds limit) {
  for (int wait_ms = kafka::milliseconds(limit);; wait_ms = 0) {
    rd_kafka_event_t* event = rd_kafka_queue_poll(reports_.get(), wait_ms);
    if (event == nullptr) return;
    {
      const std::lock_guard lock(mutex_);
      while (const rd_kafka_message_t* message = rd_kafka_event_message_next(event)) {
        auto& lane = *static_cast<Lane*>(message->_private);
        TIDEGATE_ASSERT(lane.in_flight > 0);
        --lane.in_flight;
        --queued_;
      }
    }
    rd_kafka_event_destroy(event);
    room_.notify_all();
  }
}

std::size_t KafkaProducer::send(std::unique_lock<std::mutex>& lock) {
  std::size_t sent = 0;
  for (auto& [place, lane] : lanes_) {  // a lane is never erased, and an insertion moves none
    if (lane.in_flight == 0 && !lane.waiting.empty()) sent += send(lock, place, lane);
  }
  return sent;
}

std::size_t KafkaProducer::send(std::unique_lock<std::mutex>& lock, const Place& place, Lane& lane) {
  const auto count = static_cast<std::ptrdiff_t>(std::min(kMostAtOnce, lane.waiting.size()));
  const auto begin = lane.waiting.begin();
  std::deque<BusRecord> batch(std::make_move_iterator(begin), std::make_move_iterator(begin + count));
  lane.waiting.erase(begin, begin + count);
  lane.in_flight = batch.size();
  lock.unlock();
  rd_kafka_topic_s* to = topic(place.first);
  rd_kafka_resp_err_t failed = RD_KAFKA_RESP_ERR_NO_ERROR;
  while (!batch.empty()) {
    const BusRecord& record = batch.front();
    failed = rd_kafka_producev(handle_.get(), RD_KAFKA_V_RKT(to), RD_KAFKA_V_PARTITION(place.second),
                               RD_KAFKA_V_KEY(record.key.data(), record.key.size()),
                               RD_KAFKA_V_VALUE(const_cast<char*>(record.value.data()), record.value.size()),
                               RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_TIMESTAMP(record.timestamp_ms),
                               RD_KAFKA_V_OPAQUE(&lane), RD_KAFKA_V_END);
    if (failed != RD_KAFKA_RESP_ERR_NO_ERROR) break;
    batch.pop_front();
  }
  lock.lock();
  lane.in_flight -= batch.size();
  lane.waiting.insert(lane.waiting.begin(), std::make_move_iterator(batch.begin()),
                      std::make_move_iterator(batch.end()));
  lane.refusal = failed == RD_KAFKA_RESP_ERR_NO_ERROR ? "" : rd_kafka_err2str(failed);
  return static_cast<std::size_t>(count) - batch.size();
}

rd_kafka_topic_s* KafkaProducer::topic(const std::string& name) {
  kafka::Topic& known = topics_[name];
  if (!known) known.reset(rd_kafka_topic_new(handle_.get(), name.c_str(), nullptr));
  return known.get();
}

}  // namespace tidegate::platform
