#include "loadgen/block_player.hpp"

#include <algorithm>

#include "base/assert.hpp"
#include "loadgen/loop.hpp"
#include "loadgen/vu.hpp"

namespace tidegate::loadgen {
namespace {

constexpr int kArrivalsPerRound = 8;  // then answers have their turn, and leave connections for the next ones
constexpr Nanoseconds kNever = Nanoseconds::max();

/// Part `index` of `count` gets one of the remainder too when it comes early.
std::size_t share_of(std::size_t whole, Part part) {
  return whole / part.count + (part.index < whole % part.count ? 1 : 0);
}

}  // namespace

BlockPlayer::BlockPlayer(Loop& loop, const Block& block, Part part)
    : loop_(loop),
      block_(block),
      part_(part),
      found_curve_(block.start),
      // At least one VU: with fewer VUs than loops, some loops could start nothing at all.
      max_vus_(std::max<std::size_t>(share_of(block.max_vus, part), 1)),
      searching_(block.executor == Executor::capacity_search),
      next_shared_(part.index) {
  if (!block.open_loop()) return;
  const RateCurve& curve = searching_ ? found_curve_ : block.curve;
  arrivals_.emplace(curve, block.spacing, loop.runtime().plan.seed, block.stream);
  advance();
}

BlockPlayer::~BlockPlayer() = default;

void BlockPlayer::advance() {
  next_ = arrivals_->next_of(part_.index, part_.count);
}

void BlockPlayer::extend(Nanoseconds from, Nanoseconds length, double rate) {
  TIDEGATE_ASSERT(searching_);
  if (stopped_) return;
  if (from > found_curve_.end()) found_curve_.append(from - found_curve_.end(), 0, 0);
  found_curve_.append(length, rate, rate);
  if (!next_) advance();
}

Vu& BlockPlayer::add_vu() {
  vus_.push_back(std::make_unique<Vu>(loop_, block_));
  vus_.back()->number = vus_.size() - 1;
  return *vus_.back();
}

/// Parks itself until there is an arrival for it.
void BlockPlayer::serve(Vu& vu) {
  vu.life = serve_arrivals(&vu);
  vu.life.start();
}

void BlockPlayer::start() {
  if (block_.open_loop()) {
    const std::size_t early = std::min(share_of(block_.pre_allocated_vus, part_), max_vus_);
    while (vus_.size() < early) serve(add_vu());
    return;
  }
  const auto begin_life = [&](std::uint32_t number) {
    Vu& vu = add_vu();
    vu.number = number;
    ++lives_;
    vu.life = iterate_until_end(&vu);
    vu.life.start();
  };
  vus_.reserve(share_of(block_.vus, part_));
  for (std::uint32_t number = part_.index; number < block_.vus; number += part_.count) begin_life(number);
  // This part's share of the iterations must be played, also when there are fewer VUs than parts.
  const bool idle_share = block_.executor == Executor::shared_iterations && part_.index < block_.iterations;
  if (vus_.empty() && idle_share) begin_life(0);
}

bool BlockPlayer::start_due_arrivals() {
  int started = 0;
  while (next_ && next_->time <= loop_.now()) {
    if (started++ == kArrivalsPerRound) return true;
    const Arrival arrival = *next_;
    advance();
    start_arrival(arrival);
  }
  return false;
}

void BlockPlayer::start_arrival(const Arrival& arrival) {
  if (free_.empty() && vus_.size() < max_vus_) {
    if (loop_.memory_short()) return drop(arrival, ErrorClass::memory);
    serve(add_vu());
  }
  if (free_.empty()) return drop(arrival);
  Vu& vu = *free_.back();
  free_.pop_back();
  vu.begin(arrival.index, arrival.time);
  ++loop_.metrics_at(arrival.time).flows[vu.flow_place].scheduled;
  loop_.set_busy(vu, true);
  vu.wake(Wake::ready);
}

void BlockPlayer::drop(const Arrival& arrival, ErrorClass reason) {
  const Runtime& runtime = loop_.runtime();
  const FlowShare& share = runtime.plan.flow_of(block_, arrival.index);
  SecondMetrics& second = loop_.metrics_at(arrival.time);
  FlowMetrics& flow = second.flows[runtime.layout.flow_place(block_.index, share.flow)];
  ++flow.scheduled;
  ++flow.dropped;
  if (reason == ErrorClass::none) return;
  StepMetrics& step = second.steps[runtime.layout.first_step_place(block_.index, share.flow)];
  ++step.errors[static_cast<std::size_t>(reason)];
}

void BlockPlayer::park(Vu& vu) {
  loop_.set_busy(vu, false);
  free_.push_back(&vu);
}

std::optional<std::uint64_t> BlockPlayer::take_iteration(Vu& vu) {
  switch (block_.executor) {
    case Executor::shared_iterations: {
      if (next_shared_ >= block_.iterations) return std::nullopt;
      const std::uint64_t index = next_shared_;
      next_shared_ += part_.count;
      return index;
    }
    case Executor::per_vu_iterations:
      if (vu.turn >= block_.iterations) return std::nullopt;
      break;
    default:
      break;
  }
  return vu.turn++ * block_.vus + vu.number;
}

void BlockPlayer::enter_span(Vu& vu, Nanoseconds until) {
  ++vu.span;
  loop_.set_busy(vu, true);
  if (until < block_.end) graces_.push(until + block_.graceful_ramp_down, &vu, vu.span);
}

void BlockPlayer::leave_span(Vu& vu) {
  loop_.set_busy(vu, false);
  vu.interrupted = cut_off_;
}

void BlockPlayer::end_life(Vu& vu) noexcept {
  vu.drop_own_connections();
  --lives_;
}

Nanoseconds BlockPlayer::reserve_connect(Nanoseconds now) noexcept {
  const Nanoseconds turn = std::max(now, next_connect_);
  next_connect_ = turn + from_seconds(part_.count / *block_.connect_rate);
  return turn;
}

void BlockPlayer::cut_off(Nanoseconds now) {
  while (const auto entry = graces_.take_due(now)) {
    Vu& vu = *entry->sleeper;
    if (vu.busy && vu.span == entry->ticket) vu.interrupt();
  }
  if (!cut_off_ && now >= block_.end + block_.graceful_stop) interrupt();
}

Nanoseconds BlockPlayer::next_event() const noexcept {
  Nanoseconds next = cut_off_ ? kNever : block_.end + block_.graceful_stop;
  if (next_) next = std::min(next, next_->time);
  if (const auto grace = graces_.next()) next = std::min(next, *grace);
  return next;
}

void BlockPlayer::stop_arrivals() {
  if (stopped_) return;
  stopped_ = true;
  // What was due and not yet started belongs to the schedule, and was not sent.
  for (const Nanoseconds until = loop_.now(); next_ && next_->time <= until; advance()) drop(*next_);
  next_.reset();
  // VUs that wait to be wanted see that they never will be.
  for (const auto& vu : vus_) {
    if (!vu->busy && vu->waiting_for == Vu::Waiting::sleep) vu->wake(Wake::ready);
  }
}

void BlockPlayer::interrupt() {
  cut_off_ = true;
  stop_arrivals();
  for (const auto& vu : vus_) vu->interrupt();
}

}  // namespace tidegate::loadgen
