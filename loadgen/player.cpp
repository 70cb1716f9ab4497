// How a virtual user plays an iteration: the flow's flat list of steps, from one to the next or where control leads.
//
//   due(step 1) = arrival;  due(step n+1) = last byte of step n + think time;  response_time = last byte - due

#include <algorithm>

#include "base/random.hpp"
#include "base/units.hpp"
#include "loadgen/condition.hpp"
#include "loadgen/loop.hpp"
#include "loadgen/recorder.hpp"
#include "loadgen/steps.hpp"

namespace tidegate::loadgen {
namespace {

// Of a VU in a closed loop, when the generator has no descriptor, port or memory for it.
constexpr Nanoseconds kPauseAtLimit = std::chrono::milliseconds(50);

/// Randomness of a step, for this iteration and turn.
double drawn(const Vu& vu, std::uint64_t stream) {
  const std::uint64_t own = substream(substream(vu.block.stream, stream), vu.loop_turn);
  return Draws(vu.loop.runtime().plan.seed, own, vu.iteration).uniform();
}

Nanoseconds think_time(const Vu& vu, const Step& step) {
  if (step.think_up_to <= step.think) return step.think;
  const auto span = static_cast<double>((step.think_up_to - step.think).count());
  return step.think + Nanoseconds(static_cast<std::int64_t>(drawn(vu, step.stream) * span));
}

bool goes_round(Vu& vu, const Step& loop) {
  const Vu::LoopState& state = vu.loops[loop.depth];
  return state.done < state.turns && (!loop.condition || holds(*loop.condition, vu.scope()));
}

void name_turn(Vu& vu, const Vu::LoopState& state) {
  // 0 means outside of loops.
  vu.loop_turn =
      std::max<std::uint64_t>(substream(state.outer_turn + 1, static_cast<std::uint64_t>(state.done) + 1), 1);
}

/// Where to go on; nullopt when the number of turns is none.
std::optional<std::uint32_t> enter_loop(Vu& vu, const Step& step, std::uint32_t index) {
  Vu::LoopState& state = vu.loops[step.depth];
  std::string text;
  const bool whole = render(vu.scope(), step.times, text);
  const auto turns = parse_integer(text);
  if (!whole || !turns || *turns < 0 || *turns > kMostTurns) return std::nullopt;
  state = {0, *turns, vu.loop_turn};
  if (!goes_round(vu, step)) return step.target;
  name_turn(vu, state);
  return index + 1;
}

std::uint32_t end_turn(Vu& vu, const Step& end, std::uint32_t index) {
  const Step& step = vu.flow->steps[end.target];
  Vu::LoopState& state = vu.loops[step.depth];
  ++state.done;
  if (goes_round(vu, step)) {
    name_turn(vu, state);
    return end.target + 1;
  }
  vu.loop_turn = state.outer_turn;
  return index + 1;
}

std::uint32_t choose(const Vu& vu, const Step& step) {
  const double draw = drawn(vu, step.stream);
  for (const auto& [up_to, target] : step.choices) {
    if (draw < up_to) return target;
  }
  return step.choices.back().second;
}

/// One of the requests of a parallel step, on a virtual user of its own.
Task<void> play_branch(Vu* branch, std::uint32_t index, Nanoseconds due) {
  branch->branch_end = co_await play_request(branch, index, due, branch->loop.now());
  branch->parent->end_branch();
}

/// The worst outcome that ends the iteration, and the last end.
StepEnd join(Vu& vu, std::uint32_t first, std::uint32_t count) {
  StepEnd joined;
  for (std::uint32_t i = 0; i < count; ++i) {
    const Step& step = vu.flow->steps[first + i];
    Vu& branch = *vu.branches[i];
    vu.step_ends[first + i] = branch.branch_end.ended;
    joined.ended = std::max(joined.ended, branch.branch_end.ended);
    for (const Capture& capture : step.captures) vu.captures[capture.variable] = branch.captures[capture.variable];
    const IterationOutcome outcome = branch.branch_end.outcome;
    if (outcome == IterationOutcome::interrupted) joined.outcome = outcome;
    if (outcome == IterationOutcome::unsent && joined.outcome != IterationOutcome::interrupted)
      joined.outcome = outcome;
    if (outcome != IterationOutcome::failed) continue;
    if (!step.continue_on_failure && joined.outcome == IterationOutcome::ok) joined.outcome = outcome;
    vu.failed_on_the_way = true;
  }
  return joined;
}

Task<StepEnd> play_parallel(Vu* vu, std::uint32_t index, Nanoseconds due) {
  const std::uint32_t count = vu->flow->steps[index].branches;
  while (vu->branches.size() < count) vu->branches.push_back(std::make_unique<Vu>(vu->loop, vu->block));
  vu->running_branches = count;
  for (std::uint32_t i = 0; i < count; ++i) {
    Vu& branch = *vu->branches[i];
    branch.branch_off(*vu);
    branch.life = play_branch(&branch, index + 1 + i, due);
    branch.life.start();
  }
  co_await WaitBranches{*vu};
  co_return join(*vu, index + 1, count);
}

/// Every kind of step; sets `next` where control leads elsewhere than to the following one.
Task<StepEnd> play_step(Vu* vu, std::uint32_t index, Nanoseconds due, std::uint32_t* next) {
  const Step& step = vu->flow->steps[index];
  StepEnd end{IterationOutcome::ok, due};
  switch (step.kind) {
    case Step::Kind::request:
      co_return co_await play_request(vu, index, due, vu->loop.now());
    case Step::Kind::poll:
      co_return co_await play_poll(vu, index);
    case Step::Kind::think:
      end.ended = due + think_time(*vu, step);
      if (co_await SleepUntil{*vu, end.ended} == Wake::interrupted) end.outcome = IterationOutcome::interrupted;
      break;
    case Step::Kind::loop:
      if (const auto target = enter_loop(*vu, step, index)) {
        *next = *target;
      } else {
        end.outcome = IterationOutcome::failed;
      }
      break;
    case Step::Kind::loop_end:
      *next = end_turn(*vu, step, index);
      // Turns that never had to wait must not keep the load loop from everything else.
      if (vu->turn_round == vu->loop.round() && co_await SleepUntil{*vu, vu->loop.now()} == Wake::interrupted) {
        end.outcome = IterationOutcome::interrupted;
      }
      vu->turn_round = vu->loop.round();
      break;
    case Step::Kind::branch:
      if (!holds(*step.condition, vu->scope())) *next = step.target;
      break;
    case Step::Kind::jump:
      *next = step.target;
      break;
    case Step::Kind::choose:
      *next = choose(*vu, step);
      break;
    case Step::Kind::parallel:
      *next = index + 1 + step.branches;
      co_return co_await play_parallel(vu, index, due);
  }
  co_return end;
}

/// Sleeps through pauses; interrupted ends the iteration.
Task<void> play_iteration(Vu* vu, Nanoseconds* ended) {
  Loop& loop = vu->loop;
  Nanoseconds due = vu->due;
  Nanoseconds started = loop.now();
  record_start(*vu, started);
  vu->failed_on_the_way = false;
  IterationOutcome outcome = IterationOutcome::ok;
  for (std::uint32_t index = 0; index < vu->flow->steps.size();) {
    const Step& step = vu->flow->steps[index];
    std::uint32_t next = index + 1;
    // Requests are most of what is played, and need no frame around them.
    // (Not one expression with the await: GCC 12 mixes up the operands of a conditional that is awaited.)
    Task<StepEnd> playing = step.kind == Step::Kind::request
                                ? play_request(vu, index, due, index == 0 ? started : loop.now())
                                : play_step(vu, index, due, &next);
    const StepEnd end = co_await playing;
    due = vu->step_ends[index] = end.ended;
    if (end.outcome != IterationOutcome::ok) outcome = end.outcome;
    const bool goes_on =
        end.outcome == IterationOutcome::ok || (end.outcome == IterationOutcome::failed && step.continue_on_failure);
    if (!goes_on) break;
    index = next;
  }
  for (auto& connection : vu->held) connection.reset();
  if (outcome == IterationOutcome::ok && vu->failed_on_the_way) outcome = IterationOutcome::failed;
  vu->unsent = outcome == IterationOutcome::unsent;
  *ended = outcome == IterationOutcome::interrupted ? loop.now() : due;
  record_iteration(*vu, *ended, outcome);
}

}  // namespace

Task<void> serve_arrivals(Vu* vu) {
  for (Nanoseconds ended{0};;) {
    co_await Park{*vu};
    co_await play_iteration(vu, &ended);
  }
}

namespace {

/// Iterates while the VU is wanted; false: it never will be again.
Task<bool> iterate_within(Vu* vu, Nanoseconds until, Nanoseconds* free_since) {
  Loop& loop = vu->loop;
  BlockPlayer& player = loop.player(vu->block.index);
  while (!player.stopped() && !vu->interrupted && *free_since < until) {
    const std::uint64_t round = loop.round();
    const auto index = player.take_iteration(*vu);
    if (!index) co_return false;
    vu->begin(*index, *free_since);
    co_await play_iteration(vu, free_since);
    const bool dry = std::any_of(vu->flow->feeders.begin(), vu->flow->feeders.end(),
                                 [&](std::uint32_t feeder) { return vu->rows[feeder].dry; });
    if (dry) co_return false;
    // An iteration that never had to wait (nothing listens there, say) must not keep the loop from everything else;
    // one that could not be sent will not be the better for being tried again at once.
    const Nanoseconds pause = vu->unsent ? kPauseAtLimit : Nanoseconds{0};
    if (vu->unsent || round == loop.round()) co_await SleepUntil{*vu, loop.now() + pause};
    if (vu->unsent) *free_since = loop.now();
  }
  co_return true;
}

}  // namespace

Task<void> iterate_until_end(Vu* vu) {
  Loop& loop = vu->loop;
  BlockPlayer& player = loop.player(vu->block.index);
  Nanoseconds free_since = vu->block.start;
  for (bool goes_on = true; goes_on && !player.stopped();) {
    const auto span = vu->block.vu_curve.next_span(static_cast<std::uint32_t>(vu->number), free_since);
    if (!span) break;
    if (loop.now() < span->from) co_await SleepUntil{*vu, span->from};
    if (player.stopped()) break;
    player.enter_span(*vu, span->until);
    free_since = std::max(span->from, loop.now());
    goes_on = co_await iterate_within(vu, span->until, &free_since);
    free_since = std::max(free_since, span->until);
    player.leave_span(*vu);
  }
  player.end_life(*vu);
}

}  // namespace tidegate::loadgen
