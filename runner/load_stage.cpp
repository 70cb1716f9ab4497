#include "runner/load_stage.hpp"

#include <algorithm>
#include <span>
#include <thread>
#include <utility>

namespace tidegate::runner {
namespace {

// Interrupts and the end of load are noticed within this time.
constexpr auto kPeriod = std::chrono::milliseconds(50);
// For the engine to interrupt what has used up its grace.
constexpr Nanoseconds kLastWord = std::chrono::seconds(1);
// For iterations in progress after an interrupt or an abort. A second interrupt ends the program at once.
constexpr Nanoseconds kSoftStop = std::chrono::seconds(5);

// In seconds; below 0 while nothing is known.
double worst_age(const gates::LagProbe& probe) {
  double worst = -1;
  for (const gates::GroupLag& lag : probe.latest()) {
    if (lag.known) worst = std::max(worst, lag.age_s);
  }
  return worst;
}

}  // namespace

bool LoadStage::goes_on() const {
  return !aborted_ && !input_.interrupted() && input_.recording.error().ok();
}

void LoadStage::play() {
  const RunClock clock = input_.recording.clock();
  const loadgen::Plan& plan = input_.engine.plan();
  if (!plan.searches().empty()) steering_.emplace(input_.engine, input_.recording, input_.judge_capacity);
  std::int32_t next = 1;
  bool announced = false, over = false;
  if (steering_) steering_->tick(clock.now());
  while (goes_on()) {
    const Nanoseconds now = clock.now();
    if (!announced && now >= Nanoseconds{0}) {
      input_.recording.emit("load_started");
      announced = true;
    }
    // Blocks that end with their work may end before their time, the others not.
    const bool played = now >= plan.timed_duration() && input_.engine.finished();
    if (!over && (now >= plan.duration() || played)) {
      input_.recording.emit("load_ended");
      over = true;
    }
    if (second_of(now) >= next) {
      tick(next);
      next = second_of(now) + 1;
      aborted_ = ends_early(second_of(now));
    } else {
      record_operations();
    }
    if (played || now >= plan.longest_duration() + kLastWord) break;
    std::this_thread::sleep_for(kPeriod);
  }
  if (!goes_on()) finish_softly();
  input_.engine.stop(Nanoseconds{0});
  if (steering_) steering_->finish();
  tick(std::max(next, second_of(clock.now())));
}

bool LoadStage::ends_early(std::int32_t second) {
  const auto reason = input_.abort ? input_.abort(second) : std::nullopt;
  if (!reason) return false;
  input_.recording.emit("aborted", {{"message", *reason}});
  input_.printer.note("ended early: " + *reason);
  return true;
}

// Iterations in progress may end by themselves, faults may not go on.
void LoadStage::finish_softly() {
  if (input_.timeline != nullptr) input_.timeline->stop();
  input_.engine.stop_arrivals();
  const Nanoseconds until = monotonic_now() + kSoftStop;
  while (!input_.engine.finished() && monotonic_now() < until) std::this_thread::sleep_for(kPeriod);
}

void LoadStage::tick(std::int32_t second) {
  const loadgen::Progress progress = input_.engine.swap();
  record_operations();
  record_machine(second - 1);
  record_processes(second - 1);
  input_.recording.flush();
  announce_phases(second);
  steer();
  ProgressState state;
  state.stage = phase_at(second - 1);
  state.now = input_.recording.clock().now();
  state.end = input_.phases.empty() ? second_of(input_.engine.plan().duration()) : input_.phases.back().end;
  state.load = progress;
  if (input_.probe != nullptr) state.worst_lag_s = worst_age(*input_.probe);
  if (input_.timeline != nullptr) {
    for (const chaos::FaultProgress& fault : input_.timeline->active()) state.active_faults.push_back(fault.name);
  }
  input_.printer.update(state);
}

void LoadStage::record_operations() {
  record::SeriesWriter& series = input_.recording.series();
  const auto id = series.intern({std::string(record::kUnknownOutcomes), {}, record::SeriesKind::counter, "count"});
  input_.engine.take_operations([&](std::span<const record::Operation> part) {
    input_.recording.write_operations(part);
    for (const record::Operation& operation : part) {
      if (operation.event == record::OperationEvent::unknown) series.add(second_of(operation.time), id, 1);
    }
    if (input_.resolver != nullptr) input_.resolver->note(part);
  });
  if (input_.resolver != nullptr) input_.recording.write_operations(input_.resolver->take());
}

void LoadStage::steer() {
  if (!steering_) return;
  steering_->tick(input_.recording.clock().now());
  for (const std::string& note : steering_->take_notes()) input_.printer.note(note);
}

void LoadStage::record_machine(std::int32_t second) {
  const auto now = machine_cpu();
  const auto before = std::exchange(machine_before_, now);
  if (!now || !before || now->total_s <= before->total_s) return;
  const auto set = [&](std::string_view metric, double seconds) {
    const auto id = input_.recording.series().intern({std::string(metric), {}, record::SeriesKind::gauge, "share"});
    input_.recording.series().set(second, id, std::max(0.0, seconds) / (now->total_s - before->total_s));
  };
  set(record::kMachineBusy, now->busy_s - before->busy_s);
  set(record::kMachineStolen, now->stolen_s - before->stolen_s);
}

void LoadStage::record_processes(std::int32_t second) {
  if (!input_.cpu_times) return;
  const Nanoseconds now = monotonic_now();
  auto times = input_.cpu_times();
  for (const auto& [name, time] : times) {
    const auto before = cpu_before_.find(name);
    if (before == cpu_before_.end() || time < before->second || now <= cpu_read_) continue;
    const auto id = input_.recording.series().intern(
        {std::string(record::kProcessCpu), {{"process", name}}, record::SeriesKind::gauge, "cores"});
    input_.recording.series().set(second, id, to_seconds(time - before->second) / to_seconds(now - cpu_read_));
  }
  cpu_before_ = std::move(times);
  cpu_read_ = now;
}

void LoadStage::announce_phases(std::int32_t second) {
  while (next_phase_ < input_.phases.size() && second - 1 >= input_.phases[next_phase_].start) {
    if (phase_open_) input_.recording.emit("phase_ended", {{"phase", input_.phases[next_phase_ - 1].name}});
    input_.recording.emit("phase_started", {{"phase", input_.phases[next_phase_].name}});
    phase_open_ = true;
    ++next_phase_;
  }
}

std::string LoadStage::phase_at(std::int32_t second) const {
  for (const record::Window& phase : input_.phases) {
    if (second >= phase.start && second < phase.end) return phase.name;
  }
  return second < 0 ? "waiting" : "finishing";
}

}  // namespace tidegate::runner
