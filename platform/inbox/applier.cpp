#include "platform/inbox/applier.hpp"

#include <condition_variable>
#include <map>
#include <mutex>
#include <optional>

#include "base/log.hpp"
#include "platform/inbox/cursors.hpp"

namespace tidegate::platform {

bool Applier::apply_ready() {
  for (Events events = sequencer_.ready(together_); !events.empty(); events = sequencer_.ready(together_)) {
    if (!apply_together(events) && !apply_one_by_one(events)) return false;
  }
  return true;
}

bool Applier::apply_together(const Events& events) {
  const auto outcome = transaction(events, Urgency::background);
  if (outcome) return true;
  counters_.failures += 1;
  log::warn("an effect failed; applying the events one by one", {{"why", outcome.error().message}});
  return false;
}

/// So that one event that cannot be applied holds up its own stream alone. False when any failed.
bool Applier::apply_one_by_one(const Events& events) {
  std::vector<Envelope> copies;  // applying an event ends the validity of the others' pointers
  copies.reserve(events.size());
  for (const Envelope* event : events) copies.push_back(*event);
  std::optional<int> blocked;  // events of one partition follow each other
  bool all = true;
  for (const Envelope& event : copies) {
    if (blocked == event.stream.partition) continue;
    const auto outcome = transaction({&event}, Urgency::awaited);  // there may be thousands
    if (outcome) continue;
    blocked = event.stream.partition;
    all = false;
    counters_.failures += 1;
    log::error("an event cannot be applied; its stream waits", {{"stream", event.stream.text()},
                                                                {"sequence", std::to_string(event.sequence)},
                                                                {"type", event.type},
                                                                {"why", outcome.error().message}});
  }
  return all;
}

/// Effects and cursors in one unit of work; returns after its commit.
Result<void> Applier::transaction(const Events& events, Urgency urgency) {
  std::mutex mutex;
  std::condition_variable wake;
  std::optional<Result<void>> outcome;
  store_.submit([&](Connection& connection) { return effects(connection, events); },
                [&](Result<void> committed) {
                  if (committed && applied_) {
                    for (const Envelope* event : events) applied_(*event);
                  }
                  const std::lock_guard lock(mutex);
                  outcome = std::move(committed);
                  wake.notify_one();
                },
                urgency);
  std::unique_lock lock(mutex);
  wake.wait(lock, [&] { return outcome.has_value(); });
  if (*outcome) remember(events);
  return std::move(*outcome);
}

Result<void> Applier::effects(Connection& connection, const Events& events) const {
  for (std::size_t i = 0; i < events.size(); ++i) {
    const Envelope& event = *events[i];
    if (auto done = apply_(connection, event); !done) return done;
    const bool last_of_stream = i + 1 == events.size() || events[i + 1]->stream.partition != event.stream.partition;
    if (!last_of_stream) continue;
    const std::int64_t before = sequencer_.last_applied(event.stream.partition);
    if (auto moved = move_cursor(connection, event.stream, before, event.sequence); !moved) return moved;
  }
  return {};
}

void Applier::remember(const Events& events) {
  std::map<int, std::int64_t> last;
  for (const Envelope* event : events) last[event->stream.partition] = event->sequence;
  for (const auto& [partition, sequence] : last) sequencer_.applied(partition, sequence);
  counters_.applied += events.size();
}

}  // namespace tidegate::platform
