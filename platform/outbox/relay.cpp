#include "platform/outbox/relay.hpp"

#include <fmt/format.h>
#include <pthread.h>

#include <algorithm>

#include "base/assert.hpp"
#include "base/log.hpp"
#include "platform/outbox/table.hpp"
#include "platform/service/priority.hpp"

namespace tidegate::platform::outbox {
namespace {

constexpr Nanoseconds kSaveEvery = std::chrono::seconds(1);
// It is tried again; a relay that is told to end waits for the flush under way.
constexpr Nanoseconds kFlushLimit = std::chrono::milliseconds(500);
constexpr Nanoseconds kRetryAfter = std::chrono::milliseconds(100);
constexpr Nanoseconds kComplainEvery = std::chrono::seconds(5);
constexpr int kAttemptsPerProducer = 10;
constexpr std::int64_t kPage = 500;

std::size_t index_of(int partition) {
  return static_cast<std::size_t>(partition);
}

}  // namespace

Relay::~Relay() {
  stop(Nanoseconds{0});
}

void Relay::set_up(std::int64_t topic_number, std::int64_t backlog) {
  topic_number_ = topic_number;
  depth_ = backlog;
}

Result<void> Relay::start(EventBus& bus) {
  TIDEGATE_ASSERT(topic_number_ > 0);
  TIDEGATE_ASSERT(!thread_.joinable());
  bus_ = &bus;
  auto reader = store_.reader();
  if (!reader) return reader.error();
  reader_ = std::move(*reader);
  auto cursors = published(*reader_, topic_number_);
  if (!cursors) return cursors.error();
  handed_ = saved_ = *cursors;
  thread_ = std::thread([this] { run(); });
  return {};
}

void Relay::stop(Nanoseconds limit) {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    give_up_at_ = (monotonic_now() + limit).count();
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void Relay::push(CommittedEvent event) {
  depth_.fetch_add(1, std::memory_order_relaxed);
  bool wake = false;
  {
    const std::lock_guard lock(mutex_);
    if (queue_.size() < kLongestQueue) {
      queue_.push_back(std::move(event));
    } else {
      overflowed_ = true;
    }
    wake = std::exchange(idle_, false);
  }
  if (wake) wake_.notify_one();
}

std::size_t Relay::depth() const {
  // Between a commit and its push the table may already have been read: a moment below zero.
  return static_cast<std::size_t>(std::max<std::int64_t>(0, depth_.load(std::memory_order_relaxed)));
}

void Relay::run() {
  ::pthread_setname_np(::pthread_self(), "relay");
  stand_back_in_process();
  if (!make_first_producer()) return;
  catch_up_everything();
  std::deque<CommittedEvent> batch;
  while (wait_for_work(batch)) {
    if (bus_->generation() != generation_) replace_producer();
    bool missed = false;
    {
      const std::lock_guard lock(mutex_);
      missed = std::exchange(overflowed_, false);
    }
    if (missed) catch_up_everything();
    for (auto& event : batch) carry(std::move(event));
    batch.clear();
    save_cursors_if_due(false);
  }
  save_cursors_if_due(true);
  producer_.reset();
}

bool Relay::wait_for_work(std::deque<CommittedEvent>& batch) {
  std::unique_lock lock(mutex_);
  const auto work = [this] { return stopping_ || overflowed_ || !queue_.empty(); };
  if (!work()) {
    idle_ = true;
    if (handed_ == saved_) {
      wake_.wait(lock, work);
    } else {
      wake_.wait_for(lock, std::max(next_save_ - monotonic_now(), Nanoseconds{0}), work);
    }
    idle_ = false;
  }
  batch.swap(queue_);
  return !batch.empty() || overflowed_ || !stopping_;
}

void Relay::carry(CommittedEvent event) {
  if (event.sequence > handed_[index_of(event.partition)] + 1) catch_up(event.partition);
  // Below: it came from the table meanwhile. Above: the relay is ending, or starts over from the table.
  if (event.sequence != handed_[index_of(event.partition)] + 1) return;
  BusRecord record{topic_, event.partition, -1, event.occurred_at_ms, std::move(event.payment), std::move(event.body)};
  publish(event.partition, event.sequence, std::move(record));
}

void Relay::catch_up_everything() {
  for (int partition = 0; partition < kPartitions && !giving_up(); ++partition) catch_up(partition);
}

void Relay::catch_up(int partition) {
  while (!giving_up()) {
    std::vector<std::pair<std::int64_t, std::string>> rows;
    auto got = read(*reader_, topic_number_, partition, handed_[index_of(partition)] + 1, kPage,
                    [&](std::int64_t sequence, std::string_view body) { rows.emplace_back(sequence, body); });
    if (!got) {
      complain("the outbox cannot be read", got.error());
      if (!pause(kRetryAfter)) return;
      continue;
    }
    for (auto& [sequence, body] : rows) {
      auto envelope = Envelope::decode(body);
      TIDEGATE_ASSERT(envelope.ok());  // this process's own writing
      BusRecord record{topic_, partition, -1, envelope->occurred_at_ms, envelope->payment, std::move(body)};
      if (!publish(partition, sequence, std::move(record))) return;
    }
    if (static_cast<std::int64_t>(rows.size()) < kPage) return;
  }
}

bool Relay::publish(int partition, std::int64_t sequence, BusRecord record) {
  TIDEGATE_ASSERT(sequence == handed_[index_of(partition)] + 1);
  for (int attempt = 1; !giving_up(); ++attempt) {
    if (auto done = producer_->publish(record); done) {
      handed_[index_of(partition)] = sequence;
      depth_.fetch_sub(1, std::memory_order_relaxed);
      return true;
    } else {
      complain("events are not accepted by the bus", done.error());
    }
    if (attempt % kAttemptsPerProducer == 0) {
      replace_producer();
      return false;
    }
    pause(kRetryAfter);
  }
  return false;
}

bool Relay::make_first_producer() {
  while (!make_producer()) {
    if (!pause(kRetryAfter)) return false;
  }
  return true;
}

bool Relay::make_producer() {
  const int generation = bus_->generation();
  auto producer = bus_->make_producer(store_.id());
  if (producer) {
    producer_ = std::move(*producer);
    generation_ = generation;
    has_producer_ = true;
  } else {
    complain("there is no producer", producer.error());
  }
  return producer.ok();
}

void Relay::replace_producer() {
  while (!make_producer()) {
    if (!pause(kRetryAfter)) return;
  }
  for (int partition = 0; partition < kPartitions; ++partition) {
    depth_.fetch_add(handed_[index_of(partition)] - saved_[index_of(partition)], std::memory_order_relaxed);
  }
  handed_ = saved_;
  const std::lock_guard lock(mutex_);
  overflowed_ = true;  // what is queued no longer connects: start from the table
}

void Relay::save_cursors_if_due(bool now) {
  if (handed_ == saved_) return;
  const auto time = monotonic_now();
  if (!now && time < next_save_) return;
  next_save_ = time + kSaveEvery;
  const Nanoseconds give_up{give_up_at_.load()};
  const auto limit = std::clamp(give_up - time, Nanoseconds{0}, kFlushLimit);
  const auto flushed = producer_->flush(limit);
  if (!flushed) return complain("the bus has not acknowledged events", flushed.error());
  auto saved =
      store_.run([this](Connection& connection) { return save_published(connection, topic_number_, saved_, handed_); });
  if (saved) {
    saved_ = handed_;
  } else {
    complain("the relay's cursors were not saved", saved.error());
  }
}

void Relay::complain(std::string_view what, const Error& cause) {
  const auto now = monotonic_now();
  if (now < next_complaint_) return;
  next_complaint_ = now + kComplainEvery;
  log::warn(what, {{"topic", topic_}, {"cause", cause.message}});
}

bool Relay::pause(Nanoseconds length) {
  const Nanoseconds left = Nanoseconds(give_up_at_.load()) - monotonic_now();
  std::unique_lock lock(mutex_);
  wake_.wait_for(lock, std::min(length, left), [this] { return giving_up(); });
  return !giving_up();
}

bool Relay::giving_up() const {
  return monotonic_now().count() >= give_up_at_.load();
}

}  // namespace tidegate::platform::outbox
