#include "runner/load_stage.hpp"

#include <thread>

namespace tidegate::runner {
namespace {

// Interrupts and the end of load are noticed within this time.
constexpr auto kPeriod = std::chrono::milliseconds(50);

}  // namespace

void LoadStage::play() {
  const RunClock clock = recording.clock();
  const Nanoseconds end = engine.plan().duration();
  std::int32_t next = 1;
  bool announced = false, over = false;
  while (!interrupted() && recording.error().ok()) {
    const Nanoseconds now = clock.now();
    if (!announced && now >= Nanoseconds{0}) {
      recording.emit("load_started");
      announced = true;
    }
    if (!over && now >= end) {
      recording.emit("load_ended");
      over = true;
    }
    if (second_of(now) >= next) {
      tick(next);
      next = second_of(now) + 1;
    }
    if (now >= end && (engine.finished() || now >= end + graceful_stop)) break;
    std::this_thread::sleep_for(kPeriod);
  }
  engine.stop(Nanoseconds{0});
  tick(std::max(next, second_of(clock.now())));
}

void LoadStage::tick(std::int32_t second) {
  loadgen::Handover handover = engine.swap();
  recording.write_operations(handover.operations);
  record_processes(second - 1);
  recording.flush();
  announce_phases(second);
  ProgressState state;
  state.stage = phase_at(second - 1);
  state.now = recording.clock().now();
  state.end = phases.empty() ? second_of(engine.plan().duration()) : phases.back().end;
  state.load = handover.progress;
  if (probe != nullptr) state.worst_lag_s = probe->latest().worst_age_s();
  if (timeline != nullptr) {
    for (const chaos::FaultProgress& fault : timeline->active()) state.active_faults.push_back(fault.name);
  }
  printer.update(state);
}

void LoadStage::record_processes(std::int32_t second) {
  if (supervisor == nullptr) return;
  const Nanoseconds now = monotonic_now();
  auto times = supervisor->cpu_times();
  for (const auto& [name, time] : times) {
    const auto before = cpu_before_.find(name);
    if (before == cpu_before_.end() || time < before->second || now <= cpu_read_) continue;
    const auto id = recording.series().intern(
        {std::string(record::kProcessCpu), {{"process", name}}, record::SeriesKind::gauge, "cores"});
    recording.series().set(second, id, to_seconds(time - before->second) / to_seconds(now - cpu_read_));
  }
  cpu_before_ = std::move(times);
  cpu_read_ = now;
}

void LoadStage::announce_phases(std::int32_t second) {
  while (next_phase_ < phases.size() && second - 1 >= phases[next_phase_].start) {
    if (phase_open_) recording.emit("phase_ended", {{"phase", phases[next_phase_ - 1].name}});
    recording.emit("phase_started", {{"phase", phases[next_phase_].name}});
    phase_open_ = true;
    ++next_phase_;
  }
}

std::string LoadStage::phase_at(std::int32_t second) const {
  for (const record::Window& phase : phases) {
    if (second >= phase.start && second < phase.end) return phase.name;
  }
  return second < 0 ? "waiting" : "finishing";
}

}  // namespace tidegate::runner
