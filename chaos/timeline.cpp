// Method: one thread looks at every fault, does what has come due, and sleeps until the next planned moment - or for a
// short tick while a fault is on, since faults that end by themselves and the seconds' hits have to be looked at.

#include "chaos/timeline.hpp"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "base/assert.hpp"
#include "base/log.hpp"
#include "base/units.hpp"
#include "chaos/lease_running_fault.hpp"

namespace tidegate::chaos {
namespace {

using Stage = FaultProgress::Stage;
constexpr Nanoseconds kTick = std::chrono::milliseconds(50);
constexpr Nanoseconds kLongestSleep = std::chrono::seconds(1);

/// One fault and how far it has come. The timeline's thread alone writes; `progress` under the mutex.
struct Play {
  FaultSpec spec;
  std::unique_ptr<RunningFault> running;
  FaultProgress progress;
  Nanoseconds start_at{0};
  std::optional<Nanoseconds> end_at;  ///< when to heal it; none: it ends by itself or with the timeline
  std::int32_t second = 0;            ///< the second whose hits are being counted
  std::uint64_t hits_told = 0;
};

}  // namespace

struct Timeline::State {
  TimelineOptions options;
  std::vector<Play> plays;
  mutable std::mutex mutex;
  std::condition_variable wake;
  bool stopping = false;
  std::string stop_reason;
  std::thread thread;
  std::mutex stop_mutex;  ///< two callers of stop() both return once it is done

  explicit State(TimelineOptions given);
  void run();
  void advance(Play& play);
  void wait_for_start(Play& play);
  void inject(Play& play);
  void look_after(Play& play);
  void count_second(Play& play, std::int32_t second);
  void end(Play& play, const std::string& reason);
  void healed(Play& play, const std::string& reason);
  void fail(Play& play, const std::string& message);
  Nanoseconds until_next_moment() const;
  void write(Nanoseconds time, std::string_view type, json::object fields);
  Play* find(const std::string& name);
  std::unique_ptr<RunningFault> make_running(const FaultSpec& spec);
};

Timeline::State::State(TimelineOptions given) : options(std::move(given)) {
  for (const FaultSpec& spec : options.faults) {
    Play play;
    play.spec = spec;
    play.progress = {spec.name, spec.kind, spec.target, Stage::waiting, {}, {}, 0, {}};
    play.start_at = spec.inject_at;
    if (!spec.fault_kind().ends_by_itself()) play.end_at = spec.heal_at;
    play.running = make_running(spec);
    plays.push_back(std::move(play));
  }
}

std::unique_ptr<RunningFault> Timeline::State::make_running(const FaultSpec& spec) {
  const FaultKind& kind = spec.fault_kind();
  if (kind.held_by_agent()) {
    TIDEGATE_ASSERT(options.links != nullptr);
    TIDEGATE_ASSERT(kind.on_links() || options.processes != nullptr);
    return make_lease_running_fault(spec, options.seed, *options.links, options.processes);
  }
  if (kind.make_operator_fault) {
    TIDEGATE_ASSERT(options.operations != nullptr);
    return kind.make_operator_fault(spec.parameters, spec.target, *options.operations);
  }
  if (kind.make_traffic_fault) {
    TIDEGATE_ASSERT(options.traffic != nullptr);
    return kind.make_traffic_fault(spec.parameters, spec.target, *options.traffic);
  }
  TIDEGATE_ASSERT(kind.make_process_fault);
  TIDEGATE_ASSERT(options.processes != nullptr);
  return kind.make_process_fault(spec.parameters, spec.target, *options.processes);
}

void Timeline::State::run() {
  std::unique_lock lock(mutex);
  while (!stopping) {
    lock.unlock();
    for (Play& play : plays) advance(play);
    const Nanoseconds rest = until_next_moment();
    lock.lock();
    wake.wait_for(lock, rest, [this] { return stopping; });
  }
  lock.unlock();
  for (Play& play : plays) {
    if (play.progress.stage == Stage::active) end(play, stop_reason);
  }
}

void Timeline::State::advance(Play& play) {
  switch (play.progress.stage) {
    case Stage::waiting:
      return wait_for_start(play);
    case Stage::active:
      return look_after(play);
    case Stage::healed:
    case Stage::failed:
      return;
  }
}

void Timeline::State::wait_for_start(Play& play) {
  if (!play.spec.after.empty()) {
    const Play* other = find(play.spec.after);
    TIDEGATE_ASSERT(other != nullptr);
    if (other->progress.stage == Stage::failed) {
      return fail(play, "it was to follow '" + play.spec.after + "', which failed");
    }
    if (other->progress.stage != Stage::healed) return;
    play.start_at = other->progress.healed + play.spec.after_offset;
    if (play.end_at) play.end_at = play.start_at + (*play.spec.heal_at - play.spec.inject_at);
  }
  const Nanoseconds now = options.clock.now();
  if (now < play.start_at) return;
  if (play.end_at && now >= *play.end_at) {
    return fail(play, "its time had passed: planned from " + format_duration(play.start_at) + " to " +
                          format_duration(*play.end_at) + ", and the timeline came to it at " + format_duration(now));
  }
  inject(play);
}

void Timeline::State::inject(Play& play) {
  const Nanoseconds now = options.clock.now();
  if (auto injected = play.running->inject(); !injected) return fail(play, injected.error().message);
  {
    const std::lock_guard lock(mutex);
    play.progress.injected = now;
    play.progress.stage = Stage::active;
  }
  play.second = second_of(now);
  write(now, "fault_injected", {{"fault", play.spec.name}, {"kind", play.spec.kind}, {"target", play.spec.target}});
  if (options.on_change) options.on_change(play.progress);
}

void Timeline::State::look_after(Play& play) {
  if (play.end_at && options.clock.now() >= *play.end_at) return end(play, "planned end");
  const auto ended = play.running->poll();
  const std::int32_t second = second_of(options.clock.now());
  if (second != play.second) count_second(play, second);
  if (!ended) {
    // Whatever went wrong, nothing of it is left on where that can be helped; the first error is the one to tell.
    [[maybe_unused]] const auto healed_anyway = play.running->heal();
    return fail(play, ended.error().message);
  }
  if (*ended) healed(play, "by itself");
}

// Tells the hits since the last time, as those of the second that has ended.
void Timeline::State::count_second(Play& play, std::int32_t second) {
  const std::uint64_t hits = play.running->hits();
  {
    const std::lock_guard lock(mutex);
    play.progress.hits = hits;
  }
  if (hits > play.hits_told) {
    if (options.on_hits) options.on_hits(play.spec.name, play.second, hits - play.hits_told);
    play.hits_told = hits;
  }
  if (options.on_touched) {
    if (const auto touches = play.running->take_touched(); !touches.empty()) {
      options.on_touched(play.spec.name, touches);
    }
  }
  write(options.clock.now(), "fault_hits", {{"fault", play.spec.name}, {"hits", hits}});
  play.second = second;
}

void Timeline::State::end(Play& play, const std::string& reason) {
  if (auto result = play.running->heal(); !result) {
    return fail(play, "it could not be healed: " + result.error().message);
  }
  healed(play, reason);
}

void Timeline::State::healed(Play& play, const std::string& reason) {
  const Nanoseconds now = options.clock.now();
  count_second(play, second_of(now));
  {
    const std::lock_guard lock(mutex);
    play.progress.healed = now;
    play.progress.stage = Stage::healed;
  }
  write(now, "fault_healed", {{"fault", play.spec.name}, {"hits", play.running->hits()}, {"reason", reason}});
  if (options.on_change) options.on_change(play.progress);
}

void Timeline::State::fail(Play& play, const std::string& message) {
  const bool was_active = play.progress.stage == Stage::active;
  {
    const std::lock_guard lock(mutex);
    play.progress.failure = message;
    play.progress.healed = options.clock.now();
    play.progress.stage = Stage::failed;
  }
  if (was_active) count_second(play, second_of(options.clock.now()));
  write(options.clock.now(), "fault_failed", {{"fault", play.spec.name}, {"message", message}});
  if (options.on_failure) options.on_failure(play.spec.name, message);
  if (options.on_change) options.on_change(play.progress);
}

Nanoseconds Timeline::State::until_next_moment() const {
  Nanoseconds rest = kLongestSleep;
  const Nanoseconds now = options.clock.now();
  for (const Play& play : plays) {
    if (play.progress.stage == Stage::active) {
      rest = std::min(rest, kTick);
      if (play.end_at) rest = std::min(rest, *play.end_at - now);
    } else if (play.progress.stage == Stage::waiting && play.spec.after.empty()) {
      rest = std::min(rest, play.start_at - now);
    } else if (play.progress.stage == Stage::waiting) {
      rest = std::min(rest, kTick);
    }
  }
  return std::max(rest, Nanoseconds{0});
}

void Timeline::State::write(Nanoseconds time, std::string_view type, json::object fields) {
  if (options.events == nullptr) return;
  if (auto written = options.events->write(time, type, std::move(fields)); !written) {
    log::error("an event of a fault could not be written", {{"reason", written.error().message}});
  }
}

Play* Timeline::State::find(const std::string& name) {
  const auto found = std::find_if(plays.begin(), plays.end(), [&](const Play& play) { return play.spec.name == name; });
  return found == plays.end() ? nullptr : &*found;
}

Timeline::Timeline(TimelineOptions options) : state_(std::make_unique<State>(std::move(options))) {}
Timeline::~Timeline() {
  stop();
}

void Timeline::start() {
  TIDEGATE_ASSERT(!state_->thread.joinable());
  state_->thread = std::thread([state = state_.get()] { state->run(); });
}

void Timeline::stop(const std::string& reason) {
  const std::lock_guard one_at_a_time(state_->stop_mutex);
  {
    const std::lock_guard lock(state_->mutex);
    if (!state_->stopping) state_->stop_reason = reason;
    state_->stopping = true;
  }
  state_->wake.notify_all();
  if (state_->thread.joinable()) state_->thread.join();
}

std::vector<FaultProgress> Timeline::progress() const {
  const std::lock_guard lock(state_->mutex);
  std::vector<FaultProgress> out;
  for (const Play& play : state_->plays) out.push_back(play.progress);
  return out;
}

std::vector<FaultProgress> Timeline::active() const {
  auto all = progress();
  std::erase_if(all, [](const FaultProgress& each) { return each.stage != Stage::active; });
  return all;
}

bool Timeline::finished() const {
  const auto all = progress();
  return std::all_of(all.begin(), all.end(), [](const FaultProgress& each) {
    return each.stage == Stage::healed || each.stage == Stage::failed;
  });
}

}  // namespace tidegate::chaos
