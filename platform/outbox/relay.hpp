#pragma once
// Carries committed events to the bus, in the order of each stream. Private to platform/outbox.
//
// Events normally come from memory, handed in after their commit. Whatever is missing in memory (written before the
// start, or dropped because the relay was stalled and the queue full) is read from the table, so that the bus never
// sees a hole. Once a second, and at the end, the producer is flushed and the cursors are saved; after a crash the
// events since then are published again.

#include <array>
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "base/time.hpp"
#include "platform/bus/event_bus.hpp"
#include "platform/outbox/positions.hpp"
#include "platform/store/store.hpp"

namespace tidegate::platform::outbox {

struct CommittedEvent {
  int partition = 0;
  std::int64_t sequence = 0;
  std::int64_t occurred_at_ms = 0;
  std::string payment;
  std::string body;
};

class Relay {
 public:
  Relay(Store& store, std::string topic) : store_(store), topic_(std::move(topic)) {}
  ~Relay();
  Relay(const Relay&) = delete;
  Relay& operator=(const Relay&) = delete;

  /// Before anything else: the topic's number and how many events wait in the table.
  void set_up(std::int64_t topic_number, std::int64_t backlog);
  Result<void> start(EventBus& bus);
  /// Thread-safe: it has a producer.
  bool running() const { return has_producer_; }
  /// Hands out what is queued, flushes, saves the cursors, all within the limit, and ends the thread.
  void stop(Nanoseconds limit);

  /// Thread-safe; call in the order of commits.
  void push(CommittedEvent event);
  /// Thread-safe.
  std::size_t depth() const;

 private:
  static constexpr std::size_t kLongestQueue = 20'000;

  void run();
  bool make_first_producer();
  bool make_producer();
  bool wait_for_work(std::deque<CommittedEvent>& batch);
  void carry(CommittedEvent event);
  /// Publishes what the table holds beyond the cursor of a partition, up to its head.
  void catch_up(int partition);
  void catch_up_everything();
  /// Retries until it succeeds (true) or the relay has to end (false).
  bool publish(int partition, std::int64_t sequence, BusRecord record);
  /// When it stays full or the broker was replaced. What was not acknowledged is published again.
  void replace_producer();
  void save_cursors_if_due(bool now);
  bool pause(Nanoseconds length);
  /// Logs, not too often.
  void complain(std::string_view what, const Error& cause);
  bool giving_up() const;

  Store& store_;
  const std::string topic_;
  std::int64_t topic_number_ = 0;
  EventBus* bus_ = nullptr;
  std::unique_ptr<Connection> reader_;
  std::unique_ptr<EventProducer> producer_;
  int generation_ = 0;  // of the broker that producer_ was made for
  Cursors handed_{};    // last number given to the producer, per partition
  Cursors saved_{};     // what the database says
  Nanoseconds next_save_{0};
  Nanoseconds next_complaint_{0};

  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<CommittedEvent> queue_;
  bool idle_ = false;
  bool overflowed_ = false;  // events were left out of the queue: the table has them
  bool stopping_ = false;
  std::atomic<Nanoseconds::rep> give_up_at_{Nanoseconds::max().count()};
  std::atomic<std::int64_t> depth_{0};
  std::atomic<bool> has_producer_{false};
  std::thread thread_;
};

}  // namespace tidegate::platform::outbox
