// Goal: each event takes effect exactly once and in order, over a carrier that loses, repeats and reorders.
// Method: one thread.
//
//   bus -> poll -> Sequencer -> ready -> one transaction {effects, cursors} -> commit offsets
//                     |  ^
//             missing v  | events, heads
//                 the producer's outbox (HTTP)

#include "platform/inbox/inbox.hpp"

#include <pthread.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "base/assert.hpp"
#include "base/log.hpp"
#include "platform/inbox/applier.hpp"
#include "platform/inbox/counters.hpp"
#include "platform/inbox/cursors.hpp"
#include "platform/inbox/gap_filler.hpp"
#include "platform/inbox/sequencer.hpp"
#include "platform/service/priority.hpp"
#include "platform/service/wall_clock.hpp"

namespace tidegate::platform {
namespace {

constexpr Nanoseconds kPollLimit = std::chrono::milliseconds(50);  // also how soon stop() is noticed
// How long events gather for a transaction, unless there are more than one takes: what a commit writes (pages, not
// rows) and what it costs hardly grow with the events in it, and ten consumers share the disk and the cores.
constexpr Nanoseconds kGather = std::chrono::milliseconds(50);
constexpr Nanoseconds kAskBusyEvery = std::chrono::milliseconds(10);
// Others that read the topic together with a busy consumer wait so long for it, then it gets from the outbox what it
// missed.
constexpr Nanoseconds kOthersWait = std::chrono::seconds(10);

}  // namespace

struct Inbox::State {
  State(Store& store_, PeerDirectory& peers, EventBus& bus_, InboxOptions given, Apply apply, Applied applied)
      : store(store_),
        bus(bus_),
        options(std::move(given)),
        filler(peers, options, sequencer, counters),
        applier(store_, sequencer, counters, options.together, std::move(apply), std::move(applied)) {}

  Store& store;
  EventBus& bus;
  const InboxOptions options;
  InboxCounters counters;
  Sequencer sequencer;
  GapFiller filler;
  Applier applier;
  std::unique_ptr<EventConsumer> consumer;
  int generation = 0;
  Nanoseconds connect_at{0}, apply_at{0};  // not before
  Nanoseconds received_at{0};
  Nanoseconds idle_at = monotonic_now();  // it was not busy then
  bool more_waits = false;                // the last poll was full
  bool bus_has_more = false;
  Nanoseconds late_until{0};  // the arrival of a late event and its age again: until then others may come as late
  bool told_unreachable = false;
  bool commits_work = true;

  std::mutex mutex;
  std::condition_variable wake;
  bool stopping = false;
  std::thread thread;
  std::atomic<bool> connected{false};
  std::int64_t drained_at_ms = 0;  // the bus had no more than what was taken then; 0: it had
  std::atomic<std::int64_t> caught_up_at_ms{0};

  void run() {
    ::pthread_setname_np(::pthread_self(), "inbox");
    stand_back_in_process();
    while (!is_stopping()) {
      gather();
      receive();
      if (!bus_has_more) filler.check_heads(late());
      filler.fill();
      apply();
      note_caught_up();
      commit_offsets(false);
    }
    commit_offsets(true);
    consumer.reset();
  }

  void gather() {
    const Nanoseconds left = received_at + kGather - monotonic_now();
    if (!more_waits && left > Nanoseconds{0}) pause(left);
    received_at = monotonic_now();
  }

  void apply() {
    if (monotonic_now() < apply_at || applier.apply_ready()) return;
    apply_at = monotonic_now() + options.retry_after;
  }

  /// How late events come over the bus at the moment. A wall clock that is set off makes them look late, too.
  Nanoseconds late() const { return std::max(Nanoseconds{0}, late_until - monotonic_now()); }

  void note_caught_up() {
    if (drained_at_ms == 0 || late() > options.idle_check || !sequencer.missing().empty() ||
        !sequencer.ready(1).empty())
      return;
    caught_up_at_ms = drained_at_ms;
  }

  bool is_stopping() {
    const std::lock_guard lock(mutex);
    return stopping;
  }

  void pause(Nanoseconds length) {
    std::unique_lock lock(mutex);
    wake.wait_for(lock, length, [&] { return stopping; });
  }

  bool connect() {
    if (consumer && bus.generation() != generation) {
      log::info("the broker was replaced; reconnecting", {{"group", options.group}, {"topic", options.topic}});
      disconnect();
    }
    if (consumer) return true;
    if (monotonic_now() < connect_at) return false;
    generation = bus.generation();
    auto made = bus.make_consumer(options.group, options.topic, options.workers, options.worker_index);
    if (!made) {
      connect_at = monotonic_now() + options.retry_after;
      tell_unreachable(made.error());
      return false;
    }
    consumer = std::move(*made);
    told_unreachable = false;
    connected = true;
    return true;
  }

  void disconnect() {
    consumer.reset();
    connected = false;
    more_waits = bus_has_more = false;
    late_until = Nanoseconds{0};
  }

  void tell_unreachable(const Error& why) {
    if (told_unreachable) return;
    told_unreachable = true;
    log::warn("no consumer yet; trying on", {{"group", options.group}, {"topic", options.topic}, {"why", why.message}});
  }

  void receive() {
    drained_at_ms = 0;
    const std::int64_t asked_at_ms = elapsed_now_ms();
    if (!connect()) return pause(std::min(options.retry_after, kPollLimit));
    if (is_busy()) return pause(kAskBusyEvery);
    // Else what is read beyond a gap would be let go and have to come from the outbox too, one page after the other: on
    // a full machine a group that once fell so far behind never got back to the bus. While the outbox does not answer,
    // the other streams go on.
    if (sequencer.full() && filler.can_fill()) {
      more_waits = bus_has_more = true;
      return;
    }
    auto records = consumer->poll(options.together, filler.can_fill() ? Nanoseconds{0} : kPollLimit);
    if (!records) {
      log::warn("the consumer failed; making a new one", {{"why", records.error().message}});
      connect_at = monotonic_now() + options.retry_after;
      return disconnect();
    }
    const Nanoseconds now = monotonic_now();
    more_waits = records->size() == options.together;
    bus_has_more = more_waits || consumer->held_back();
    if (!bus_has_more) drained_at_ms = asked_at_ms;
    note_late(*records, now);
    for (const BusRecord& record : *records) {
      auto event = Envelope::decode(record.value, options.types);
      if (event && is_of_another_shard(*event, record)) continue;
      if (!event || !belongs_here(*event, record)) {
        counters.refused += 1;
        log::warn("a record is no event of this producer", {{"topic", record.topic},
                                                            {"partition", std::to_string(record.partition)},
                                                            {"offset", std::to_string(record.offset)},
                                                            {"why", event ? "wrong stream" : event.error().message}});
        continue;
      }
      if (sequencer.offer(std::move(*event), now) == Sequencer::Offer::repeat) counters.repeats += 1;
    }
  }

  /// What is in the bus stays there for now.
  bool is_busy() {
    const Nanoseconds now = monotonic_now();
    if (!options.busy || !options.busy()) {
      idle_at = now;
      return false;
    }
    if (now - idle_at < kOthersWait) consumer->keep_place();
    more_waits = bus_has_more = true;
    return true;
  }

  void note_late(const std::vector<BusRecord>& records, Nanoseconds now) {
    if (records.empty()) return;
    const std::int64_t oldest_ms = std::ranges::min_element(records, {}, &BusRecord::timestamp_ms)->timestamp_ms;
    const std::chrono::milliseconds age(oldest_ms > 0 ? wall_now_ms() - oldest_ms : 0);  // a bus may keep no times
    late_until = std::max(late_until, now + std::min<Nanoseconds>(age, options.longest_late));
  }

  /// A producer that is split into shards writes one topic from several databases, "gateway-0" and "gateway-1"; each
  /// has an inbox of its own.
  bool is_of_another_shard(const Envelope& event, const BusRecord& record) const {
    const auto base = [](const std::string& producer) { return producer.substr(0, producer.rfind('-')); };
    return event.stream.producer != options.producer && base(event.stream.producer) == base(options.producer) &&
           event.stream.topic == options.topic && event.stream.partition == record.partition;
  }

  bool belongs_here(const Envelope& event, const BusRecord& record) const {
    return event.stream.producer == options.producer && event.stream.topic == options.topic &&
           event.stream.partition == record.partition && sequencer.owns(event.stream.partition);
  }

  /// Offsets stay behind while events are owed, so that the group's lag shows the wait.
  void commit_offsets(bool force) {
    if (!consumer || !sequencer.missing().empty() || !sequencer.ready(1).empty()) return;
    auto committed = consumer->commit(force);
    if (!committed && commits_work) {
      log::warn("offsets are not committed; trying on", {{"group", options.group}, {"why", committed.error().message}});
    }
    commits_work = committed.ok();
  }
};

Inbox::Inbox(Store& store, PeerDirectory& peers, EventBus& bus, InboxOptions options, Apply apply, Applied applied)
    : state_(std::make_unique<State>(store, peers, bus, std::move(options), std::move(apply), std::move(applied))) {}

Inbox::~Inbox() {
  stop();
}

Result<void> Inbox::start() {
  TIDEGATE_ASSERT(!state_->thread.joinable());
  auto applied = open_cursors(state_->store, state_->options);
  if (!applied) return applied.error();
  const Nanoseconds now = monotonic_now();
  for (const auto& [partition, sequence] : *applied) state_->sequencer.add(partition, sequence, now);
  state_->thread = std::thread([state = state_.get()] { state->run(); });
  return {};
}

bool Inbox::connected() const {
  return state_->connected;
}

std::int64_t Inbox::caught_up_at_ms() const {
  return state_->caught_up_at_ms;
}

void Inbox::request_stop() {
  {
    const std::lock_guard lock(state_->mutex);
    state_->stopping = true;
  }
  state_->wake.notify_all();
}

void Inbox::stop() {
  request_stop();
  if (state_->thread.joinable()) state_->thread.join();
}

Inbox::Statistics Inbox::statistics() const {
  const InboxCounters& counters = state_->counters;
  return {counters.applied, counters.repeats, counters.gaps, counters.refilled, counters.refused, counters.failures};
}

void Inbox::export_to(Metrics& metrics) const {
  const Labels labels{{"group", state_->options.group}, {"topic", state_->options.topic}};
  const auto add = [&](const char* name, const char* help, const std::atomic<std::uint64_t>& value) {
    metrics.counted(name, help, labels, [&value] { return static_cast<double>(value.load()); });
  };
  const InboxCounters& counters = state_->counters;
  add("inbox_applied_total", "Events whose effect committed.", counters.applied);
  add("inbox_repeats_total", "Events skipped because they had been applied.", counters.repeats);
  add("inbox_gaps_total", "Holes in a stream that were noticed.", counters.gaps);
  add("inbox_refilled_total", "Events that came from the producer's outbox.", counters.refilled);
  add("inbox_refused_total", "Records that were no event of the producer.", counters.refused);
  add("inbox_failures_total", "Effects that failed and were tried again.", counters.failures);
}

}  // namespace tidegate::platform
