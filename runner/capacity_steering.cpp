#include "runner/capacity_steering.hpp"

#include <fmt/format.h>

#include "base/units.hpp"

namespace tidegate::runner {
namespace {

// A step goes on this long while it is judged: answers come in, and the load does not pause.
constexpr Nanoseconds kTail = std::chrono::seconds(2);
// After the measurement; what is answered later counts as its arrival's second says, but is not waited for.
constexpr Nanoseconds kAnswersIn = std::chrono::seconds(1);
// After a rate that did not hold: for what it left queued, so that the next one is not judged by it.
constexpr Nanoseconds kLongestRecovery = std::chrono::seconds(30);
constexpr Nanoseconds kAhead = std::chrono::milliseconds(200);

Nanoseconds whole_second_after(Nanoseconds time) {
  return std::chrono::ceil<std::chrono::seconds>(time);
}

json::object step_fields(const loadgen::PlannedSearch& planned, const loadgen::CapacityStep& step,
                         const CapacityPoint& point, std::int32_t from, std::int32_t to) {
  return {{"block", planned.name},
          {"rate", step.rate},
          {"confirming", step.confirming},
          {"from", from},
          {"to", to},
          {"outcome", std::string(loadgen::to_string(point.verdict))},
          {"reason", point.reason},
          {"achieved_per_s", point.achieved_per_s},
          {"p50_s", point.p50_s},
          {"p99_s", point.p99_s},
          {"errors", point.errors},
          {"lateness_p99_s", point.lateness_p99_s}};
}

}  // namespace

std::string capacity_text(const loadgen::CapacityAnswer& answer) {
  std::string text = answer.holds > 0 ? format_rate(answer.holds) : "no rate held";
  if (!answer.confirmed && answer.holds > 0) text += " (not confirmed)";
  if (!answer.breaks) return text + (answer.confirmed ? "; the cap held" : "; none broke");
  return text + fmt::format("; {} at {}", answer.generator_limit ? "undecided" : "broke", format_rate(*answer.breaks));
}

CapacitySteering::CapacitySteering(loadgen::Engine& engine, Recording& recording, Judge judge)
    : engine_(engine), recording_(recording), judge_(std::move(judge)) {
  for (loadgen::PlannedSearch& planned : engine.plan().searches()) {
    loadgen::CapacitySearch search(planned.plan);
    active_.push_back(
        {std::move(planned), std::move(search), Nanoseconds{0}, Nanoseconds{0}, false, false, std::nullopt});
  }
}

void CapacitySteering::play(Active& active, Nanoseconds now) {
  const auto step = active.search.step();
  if (!step) return end(active);
  const Nanoseconds earliest = whole_second_after(now + kAhead);
  active.from = std::max({whole_second_after(active.planned.start), active.from, earliest});
  if (active.from + step->settle + step->measure > active.planned.end) {
    active.search.stop();
    return end(active);
  }
  active.playing = true;
  engine_.extend_search(active.planned.block, active.from, step->settle + step->measure + kTail, step->rate);
}

void CapacitySteering::judge(Active& active) {
  const auto step = active.search.step();
  const std::int32_t from = second_of(active.from + step->settle);
  const std::int32_t to = second_of(active.from + step->settle + step->measure);
  const auto point = judge_(active.planned, from, to);
  active.playing = false;
  active.from += step->settle + step->measure + kTail;
  if (!point) {
    recording_.emit("probe_failed", {{"probe", "capacity"}, {"message", point.error().message}});
    active.search.stop();
    return;
  }
  recording_.emit("capacity_step", step_fields(active.planned, *step, *point, from, to));
  active.search.judge(point->verdict);
  active.recovers_until =
      active.from + (point->verdict == loadgen::StepVerdict::holds ? Nanoseconds{0} : kLongestRecovery);
  if (step->confirming && point->verdict == loadgen::StepVerdict::holds) {
    active.confirmed = record::Window{active.planned.name + " confirmed", from, to, true};
  }
}

void CapacitySteering::tick(Nanoseconds now) {
  for (Active& active : active_) {
    if (active.ended) continue;
    if (active.playing) {
      const auto step = active.search.step();
      if (now < active.from + step->settle + step->measure + kAnswersIn) continue;
      judge(active);
    }
    const bool recovering = now < active.recovers_until && (now < active.from || engine_.searching() > 0);
    if (!recovering || !active.search.step()) play(active, now);
  }
}

void CapacitySteering::end(Active& active) {
  if (active.ended) return;
  active.ended = true;
  engine_.end_search(active.planned.block);
  const loadgen::CapacityAnswer answer = active.search.answer();
  json::object fields = {{"block", active.planned.name},
                         {"holds", answer.holds},
                         {"confirmed", answer.confirmed},
                         {"generator_limit", answer.generator_limit}};
  if (answer.breaks) fields["breaks"] = *answer.breaks;
  recording_.emit("capacity_found", std::move(fields));
  notes_.push_back(fmt::format("capacity of {}: {}", active.planned.name, capacity_text(answer)));
  // Beyond the answer the gates were meant to break: the run is judged where the answer was confirmed. Without one, it
  // is judged as a whole.
  if (!active.confirmed) return;
  std::vector<record::Window>& phases = recording_.info().phases;
  for (record::Window& phase : phases) {
    if (!phase.name.ends_with(" confirmed")) phase.judged = false;
  }
  phases.push_back(*active.confirmed);
}

void CapacitySteering::finish() {
  for (Active& active : active_) end(active);
}

}  // namespace tidegate::runner
