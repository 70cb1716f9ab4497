#include "gates/probes/lag_probe.hpp"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "gates/lag_metrics.hpp"
#include "gates/probes/lag_sampler.hpp"
#include "gates/probes/lag_series.hpp"

namespace tidegate::gates {
namespace {

using namespace std::chrono_literals;

constexpr Nanoseconds kIdleSlice = 100ms;  // how long a stop may go unnoticed

// Samples are taken in the middle of a period, so that a late one still falls into its second.
Nanoseconds next_tick(Nanoseconds now, Nanoseconds period) {
  const auto whole = std::chrono::floor<Nanoseconds>(now).count() / period.count();
  Nanoseconds tick = period * whole + period / 2;
  while (tick <= now) tick += period;
  return tick;
}

}  // namespace

struct LagProbe::State {
  LagProbeOptions options;
  RunClock clock;
  record::SeriesWriter* series;
  record::EventWriter* events;

  std::unique_ptr<LagSampler> sampler;
  std::vector<LagSeries> writers;
  std::thread thread;
  std::atomic<bool> stopping{false};
  std::atomic<std::int64_t> cpu_ns{0};

  mutable std::mutex mutex;  // guards what follows
  std::vector<GroupLag> latest;
  std::optional<Error> failure;

  void run();
  void wait_until(Nanoseconds tick);
  void take_sample(Nanoseconds tick);
  void follow_the_broker();
  void keep(std::size_t index, const GroupSample& sample, Nanoseconds asked);
  void tell_losses(const LagGroup& group, const GroupSample& sample);
  void tell_progress(const LagGroup& group, const GroupSample& sample);
  void tell(std::string_view type, json::object fields);
  void count_silence(std::size_t index, Nanoseconds tick, double seconds) {
    writers[index].write_silence(second_of(tick), seconds);
  }
  void fail(Error error) {
    const std::lock_guard lock(mutex);
    if (!failure) failure = std::move(error);
  }
};

void LagProbe::State::wait_until(Nanoseconds tick) {
  while (!stopping) {
    const Nanoseconds left = tick - clock.now();
    if (left <= Nanoseconds{0}) return;
    std::this_thread::sleep_for(std::min(left, kIdleSlice));
    sampler->read_tail();
  }
}

void LagProbe::State::run() {
  Nanoseconds tick = next_tick(clock.now(), options.period);
  while (!stopping) {
    wait_until(tick);
    if (stopping) break;
    take_sample(tick);
    cpu_ns = thread_cpu_time().count();
    // A sample that took longer than a period leaves others out; they are silence.
    const Nanoseconds next = next_tick(clock.now(), options.period);
    for (Nanoseconds missed = tick + options.period; missed < next; missed += options.period) {
      for (std::size_t i = 0; i < writers.size(); ++i) count_silence(i, missed, to_seconds(options.period));
    }
    tick = next;
  }
}

// A broker that was replaced knows no records and no commits of the one before. Until its client can be made, the old
// one answers nothing, and that is silence.
void LagProbe::State::follow_the_broker() {
  if (!options.bootstrap_now) return;
  const std::string now = options.bootstrap_now();
  if (now.empty() || now == options.bootstrap) return;
  LagProbeOptions moved = options;
  moved.bootstrap = now;
  auto made = LagSampler::make(moved, clock);
  if (!made) return;
  options.bootstrap = now;
  sampler = std::move(*made);
}

void LagProbe::State::take_sample(Nanoseconds tick) {
  follow_the_broker();
  // Stamped before the questions: what arrives while they are asked may not be in the answers.
  const Nanoseconds asked = clock.now();
  const auto samples = sampler->sample();
  for (std::size_t i = 0; i < samples.size(); ++i) {
    if (!samples[i]) {
      count_silence(i, tick, to_seconds(options.period));
      continue;
    }
    writers[i].write(second_of(tick), *samples[i]);
    tell_losses(options.groups[i], *samples[i]);
    tell_progress(options.groups[i], *samples[i]);
    keep(i, *samples[i], asked);
  }
}

void LagProbe::State::tell_losses(const LagGroup& group, const GroupSample& sample) {
  if (options.evicting || events == nullptr) return;
  for (const SkippedRecords& skipped : sample.skipped) {
    json::object fields = {{"group", group.group},
                           {"topic", group.topic},
                           {"partition", skipped.partition},
                           {"committed", skipped.committed},
                           {"low_watermark", skipped.low}};
    if (auto written = events->write(clock.now(), kRecordsLostEvent, std::move(fields)); !written) {
      fail(written.error());
    }
  }
}

void LagProbe::State::tell(std::string_view type, json::object fields) {
  if (events == nullptr) return;
  if (auto written = events->write(clock.now(), type, std::move(fields)); !written) fail(written.error());
}

void LagProbe::State::tell_progress(const LagGroup& group, const GroupSample& sample) {
  for (const Rewind& rewind : sample.rewinds) {
    tell(kLagRewoundEvent, {{"group", group.group},
                            {"topic", group.topic},
                            {"partition", rewind.partition},
                            {"from", rewind.from},
                            {"to", rewind.to}});
  }
  // When everything stands still that is told once, not per partition.
  if (sample.stopped) tell(kLagStoppedEvent, {{"group", group.group}, {"topic", group.topic}});
  if (sample.resumed) tell(kLagResumedEvent, {{"group", group.group}, {"topic", group.topic}});
  if (sample.stopped) return;
  for (const int partition : sample.newly_stalled) {
    tell(kLagStalledEvent,
         {{"group", group.group}, {"topic", group.topic}, {"partition", partition}, {"seconds", kStallSeconds}});
  }
}

void LagProbe::State::keep(std::size_t index, const GroupSample& sample, Nanoseconds asked) {
  std::uint64_t skipped = 0;
  for (const SkippedRecords& one : sample.skipped) skipped += one.count;
  const std::lock_guard lock(mutex);
  GroupLag& lag = latest[index];
  if (!lag.known || sample.records > 0 || lag.records > 0 || sample.end != lag.end) lag.quiet_since = asked;
  lag.end = sample.end;
  lag.known = true;
  lag.records = sample.records;
  lag.age_s = sample.age_s.value_or(lag.age_s);
  lag.read_age_s = sample.read_age_s.value_or(lag.read_age_s);
  lag.undefined_partitions = sample.undefined_partitions;
  (options.evicting ? lag.evicted : lag.lost) += skipped;
  lag.drain_estimate_s = sample.drain_estimate_s;
  lag.sampled_at = asked;
}

LagProbe::LagProbe(LagProbeOptions options, RunClock clock, record::SeriesWriter* series, record::EventWriter* events)
    : state_(std::make_unique<State>()) {
  state_->options = std::move(options);
  state_->clock = clock;
  state_->series = series;
  state_->events = events;
  for (const LagGroup& group : state_->options.groups) {
    GroupLag lag;
    lag.group = group.group;
    lag.topic = group.topic;
    state_->latest.push_back(std::move(lag));
    state_->writers.emplace_back(*series, group, state_->options.evicting);
  }
}

LagProbe::~LagProbe() {
  stop();
}

Result<void> LagProbe::start() {
  auto sampler = LagSampler::make(state_->options, state_->clock);
  if (!sampler) {
    state_->fail(sampler.error());
    return sampler.error();
  }
  state_->sampler = std::move(*sampler);
  state_->thread = std::thread([state = state_.get()] { state->run(); });
  return {};
}

void LagProbe::stop() {
  state_->stopping = true;
  if (state_->thread.joinable()) state_->thread.join();
  state_->sampler.reset();
}

std::optional<Error> LagProbe::failed() const {
  const std::lock_guard lock(state_->mutex);
  return state_->failure;
}

std::vector<GroupLag> LagProbe::latest() const {
  const std::lock_guard lock(state_->mutex);
  return state_->latest;
}

bool LagProbe::drained(Nanoseconds since) const {
  const Nanoseconds oldest = std::max(since, state_->clock.now() - 3 * state_->options.period);
  const auto lags = latest();
  return std::all_of(lags.begin(), lags.end(), [&](const GroupLag& lag) {
    return lag.known && lag.records == 0 && lag.undefined_partitions == 0 && lag.sampled_at >= oldest;
  });
}

bool LagProbe::quiet(Nanoseconds since) const {
  if (!drained(since)) return false;
  const auto lags = latest();
  return std::all_of(lags.begin(), lags.end(), [](const GroupLag& lag) { return lag.sampled_at > lag.quiet_since; });
}

Nanoseconds LagProbe::cpu_time() const {
  return Nanoseconds{state_->cpu_ns.load()};
}

}  // namespace tidegate::gates
