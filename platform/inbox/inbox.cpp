// Goal: each event takes effect exactly once and in order, over a carrier that loses, repeats and reorders.
// Method: one thread.
//
//   bus -> poll -> Sequencer -> ready -> one transaction {effects, cursors} -> commit offsets
//                     |  ^
//             missing v  | events, heads
//                 the producer's outbox (HTTP)

#include "platform/inbox/inbox.hpp"

#include <atomic>
#include <condition_variable>
#include <map>
#include <mutex>
#include <optional>
#include <thread>

#include "base/assert.hpp"
#include "base/log.hpp"
#include "platform/inbox/cursors.hpp"
#include "platform/inbox/outbox_source.hpp"
#include "platform/inbox/sequencer.hpp"

namespace tidegate::platform {
namespace {

constexpr std::size_t kBatch = 500;
constexpr Nanoseconds kPollLimit = std::chrono::milliseconds(50);  // also how soon stop() is noticed

using Events = std::vector<const Envelope*>;

}  // namespace

struct Inbox::State {
  State(Store& store_, PeerDirectory& peers, EventBus& bus_, InboxOptions given, Apply apply_, Applied applied_)
      : store(store_),
        bus(bus_),
        options(std::move(given)),
        apply(std::move(apply_)),
        applied_hook(std::move(applied_)),
        source(peers, options) {}

  Store& store;
  EventBus& bus;
  const InboxOptions options;
  const Apply apply;
  const Applied applied_hook;
  const OutboxSource source;

  Sequencer sequencer;
  std::unique_ptr<EventConsumer> consumer;
  int generation = 0;
  Nanoseconds connect_at{0}, fill_at{0}, heads_at{0}, apply_at{0};  // not before
  bool told_unreachable = false;
  bool commits_work = true;
  std::vector<std::int64_t> former_heads;  // at the last check of the outbox
  std::map<int, std::int64_t> noticed;     // where the last gap of a partition began

  std::mutex mutex;
  std::condition_variable wake;
  bool stopping = false;
  std::thread thread;
  std::atomic<bool> connected{false};
  std::atomic<std::uint64_t> applied{0}, repeats{0}, gaps{0}, refilled{0}, refused{0}, failures{0};

  // --- the thread ---------------------------------------------------------------------------------------------------

  void run() {
    while (!is_stopping()) {
      receive();
      fill_gaps();
      check_heads();
      apply_ready();
      commit_offsets(false);
    }
    commit_offsets(true);
    consumer.reset();
  }

  bool is_stopping() {
    const std::lock_guard lock(mutex);
    return stopping;
  }

  void pause(Nanoseconds length) {
    std::unique_lock lock(mutex);
    wake.wait_for(lock, length, [&] { return stopping; });
  }

  // --- the bus ------------------------------------------------------------------------------------------------------

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
  }

  void tell_unreachable(const Error& why) {
    if (told_unreachable) return;
    told_unreachable = true;
    log::warn("no consumer yet; trying on", {{"group", options.group}, {"topic", options.topic}, {"why", why.message}});
  }

  void receive() {
    if (!connect()) return pause(std::min(options.retry_after, kPollLimit));
    const bool owed = !sequencer.missing().empty() && monotonic_now() >= fill_at;
    auto records = consumer->poll(kBatch, owed ? Nanoseconds{0} : kPollLimit);
    if (!records) {
      log::warn("the consumer failed; making a new one", {{"why", records.error().message}});
      connect_at = monotonic_now() + options.retry_after;
      return disconnect();
    }
    const Nanoseconds now = monotonic_now();
    for (const BusRecord& record : *records) {
      auto event = Envelope::decode(record.value);
      if (!event || !belongs_here(*event, record)) {
        refused += 1;
        log::warn("a record is no event of this producer", {{"topic", record.topic},
                                                            {"partition", std::to_string(record.partition)},
                                                            {"offset", std::to_string(record.offset)},
                                                            {"why", event ? "wrong stream" : event.error().message}});
        continue;
      }
      offer(std::move(*event), now);
    }
  }

  bool belongs_here(const Envelope& event, const BusRecord& record) const {
    return event.stream.producer == options.producer && event.stream.topic == options.topic &&
           event.stream.partition == record.partition && sequencer.owns(event.stream.partition);
  }

  void offer(Envelope event, Nanoseconds now) {
    if (sequencer.offer(std::move(event), now) == Sequencer::Offer::repeat) repeats += 1;
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

  // --- the producer's outbox ----------------------------------------------------------------------------------------

  void fill_gaps() {
    if (monotonic_now() < fill_at) return;
    for (const MissingRange& range : sequencer.missing()) {
      if (noticed[range.partition] != range.from) gaps += 1;
      noticed[range.partition] = range.from;
      auto events = source.events(range);
      if (!events || events->empty()) {
        fill_at = monotonic_now() + options.retry_after;
        log::warn("a gap cannot be filled yet", {{"stream", stream_text(range.partition)},
                                                 {"from", std::to_string(range.from)},
                                                 {"to", std::to_string(range.to)},
                                                 {"why", events ? "the outbox has none" : events.error().message}});
        return;
      }
      const Nanoseconds now = monotonic_now();
      for (Envelope& event : *events) {
        refilled += 1;
        offer(std::move(event), now);
      }
    }
  }

  std::string stream_text(int partition) const { return StreamId{options.producer, options.topic, partition}.text(); }

  void check_heads() {
    const Nanoseconds now = monotonic_now();
    if (now < heads_at || !sequencer.any_quiet(now, options.idle_check)) return;
    heads_at = now + options.idle_check;
    auto heads = source.heads();
    if (!heads) return;  // the producer is away: nobody can say what was lost, and nothing new comes
    // What was committed by the last check and has not come since is lost; what is newer may be on its way.
    for (std::size_t i = 0; i < former_heads.size(); ++i) {
      const int partition = static_cast<int>(i);
      if (sequencer.owns(partition) && sequencer.is_quiet(partition, now, options.idle_check)) {
        sequencer.learn_head(partition, former_heads[i]);
      }
    }
    former_heads = std::move(*heads);
  }

  // --- the store ----------------------------------------------------------------------------------------------------

  void apply_ready() {
    if (monotonic_now() < apply_at) return;
    Events events = sequencer.ready(kBatch);
    while (!events.empty()) {
      if (!apply_together(events) && !apply_one_by_one(events)) {
        apply_at = monotonic_now() + options.retry_after;
        return;
      }
      events = sequencer.ready(kBatch);
    }
  }

  bool apply_together(const Events& events) {
    auto outcome = transaction(events);
    if (outcome) return true;
    failures += 1;
    log::warn("an effect failed; applying the events one by one", {{"why", outcome.error().message}});
    return false;
  }

  /// So that one event that cannot be applied holds up its own stream alone. False when any failed.
  bool apply_one_by_one(const Events& events) {
    std::optional<int> blocked;
    bool all = true;
    std::vector<Envelope> copies;  // applying an event ends the validity of the others' pointers
    copies.reserve(events.size());
    for (const Envelope* event : events) copies.push_back(*event);
    for (const Envelope& event : copies) {
      if (blocked == event.stream.partition) continue;
      auto outcome = transaction({&event});
      if (outcome) continue;
      blocked = event.stream.partition;
      all = false;
      failures += 1;
      log::error("an event cannot be applied; its stream waits", {{"stream", event.stream.text()},
                                                                  {"sequence", std::to_string(event.sequence)},
                                                                  {"type", event.type},
                                                                  {"why", outcome.error().message}});
    }
    return all;
  }

  /// Effects and cursors in one unit of work; returns after its commit.
  Result<void> transaction(const Events& events) {
    std::mutex done_mutex;
    std::condition_variable done_wake;
    std::optional<Result<void>> outcome;
    store.submit([this, &events](Connection& connection) { return effects(connection, events); },
                 [&](Result<void> committed) {
                   if (committed && applied_hook) {
                     for (const Envelope* event : events) applied_hook(*event);
                   }
                   const std::lock_guard lock(done_mutex);
                   outcome = std::move(committed);
                   done_wake.notify_one();
                 });
    std::unique_lock lock(done_mutex);
    done_wake.wait(lock, [&] { return outcome.has_value(); });
    if (*outcome) remember(events);
    return std::move(*outcome);
  }

  Result<void> effects(Connection& connection, const Events& events) const {
    for (std::size_t i = 0; i < events.size(); ++i) {
      const Envelope& event = *events[i];
      if (auto done = apply(connection, event); !done) return done;
      const bool last_of_stream = i + 1 == events.size() || events[i + 1]->stream.partition != event.stream.partition;
      if (!last_of_stream) continue;
      const std::int64_t before = sequencer.last_applied(event.stream.partition);
      if (auto moved = move_cursor(connection, event.stream, before, event.sequence); !moved) return moved;
    }
    return {};
  }

  void remember(const Events& events) {
    std::map<int, std::int64_t> last;
    for (const Envelope* event : events) last[event->stream.partition] = event->sequence;
    for (const auto& [partition, sequence] : last) sequencer.applied(partition, sequence);
    applied += events.size();
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

void Inbox::stop() {
  {
    const std::lock_guard lock(state_->mutex);
    state_->stopping = true;
  }
  state_->wake.notify_all();
  if (state_->thread.joinable()) state_->thread.join();
}

Inbox::Statistics Inbox::statistics() const {
  return {state_->applied, state_->repeats, state_->gaps, state_->refilled, state_->refused, state_->failures};
}

void Inbox::export_to(Metrics& metrics) const {
  const Labels labels{{"group", state_->options.group}, {"topic", state_->options.topic}};
  const auto add = [&](const char* name, const char* help, const std::atomic<std::uint64_t>& value) {
    metrics.counted(name, help, labels, [&value] { return static_cast<double>(value.load()); });
  };
  add("inbox_applied_total", "Events whose effect committed.", state_->applied);
  add("inbox_repeats_total", "Events skipped because they had been applied.", state_->repeats);
  add("inbox_gaps_total", "Holes in a stream that were noticed.", state_->gaps);
  add("inbox_refilled_total", "Events that came from the producer's outbox.", state_->refilled);
  add("inbox_refused_total", "Records that were no event of the producer.", state_->refused);
  add("inbox_failures_total", "Effects that failed and were tried again.", state_->failures);
}

}  // namespace tidegate::platform
