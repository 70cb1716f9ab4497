#pragma once
// The producer half of the Kafka bus.

#include <condition_variable>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "base/kafka.hpp"
#include "platform/bus/event_bus.hpp"

namespace tidegate::platform {

/// Gathers each partition's records here and hands them to librdkafka 50 ms apart, or 400 while there are many, all of
/// a partition's together and only after its last ones were acknowledged. librdkafka could gather by itself
/// (linger.ms), but its idempotent producer (2.0.2) never sleeps while a partition has both records that are due and
/// records on their way: at 5,000 payments/s on two full cores its thread took 90 us of every payment's 700 from the
/// broker that it waited for. Fewer and larger requests help the embedded broker twice: for every fetch it walks
/// through the list of a partition's requests. Us a payment: 41 with 25 ms, 34 with 50, 26 with 100; and once the lists
/// have their full length, after some minutes, 45 with 100 and 27 to 33 with 200.
///
/// A record that the broker refuses is given up: the outbox, not the broker's acknowledgement, is the truth.
class KafkaProducer final : public EventProducer {
 public:
  explicit KafkaProducer(kafka::Handle handle);
  ~KafkaProducer() override;
  KafkaProducer(const KafkaProducer&) = delete;
  KafkaProducer& operator=(const KafkaProducer&) = delete;

  Result<void> publish(const BusRecord& record) override;
  Result<void> flush(Nanoseconds limit) override;

 private:
  using Place = std::pair<std::string, int>;  // topic, partition
  struct Lane {
    std::deque<BusRecord> waiting;
    std::size_t in_flight = 0;
    std::string refusal;  // why librdkafka takes no records of it, while it takes none
  };

  void run();
  void wait_for_more(std::unique_lock<std::mutex>& lock, Nanoseconds gather);
  void take_reports(Nanoseconds limit);
  /// Hands over what is waiting of every partition that has nothing in flight; how many records.
  std::size_t send(std::unique_lock<std::mutex>& lock);
  std::size_t send(std::unique_lock<std::mutex>& lock, const Place& place, Lane& lane);
  rd_kafka_topic_s* topic(const std::string& name);

  kafka::Handle handle_;
  kafka::Queue reports_;
  std::map<std::string, kafka::Topic> topics_;  ///< the thread's own

  std::mutex mutex_;
  std::condition_variable work_;
  std::condition_variable room_;
  std::map<Place, Lane> lanes_;
  std::size_t queued_ = 0;  ///< waiting or in flight
  bool flushing_ = false;
  bool stopping_ = false;
  std::thread thread_;
};

Result<std::unique_ptr<EventProducer>> make_kafka_producer(const std::string& bootstrap, const std::string& client_id);

}  // namespace tidegate::platform
