#include "loadgen/loop.hpp"

#include <sys/prctl.h>

#include <algorithm>

#include "base/assert.hpp"

namespace tidegate::loadgen {
namespace {

constexpr int kArrivalsPerRound = 64;  // then answers have their turn
constexpr Nanoseconds kLongestWait = std::chrono::milliseconds(100);

/// Loop `index` of `count` gets the remainder too when it comes early.
std::size_t part_of(std::size_t whole, std::uint32_t index, std::uint32_t count) {
  return whole / count + (index < whole % count ? 1 : 0);
}

}  // namespace

Result<std::unique_ptr<Loop>> Loop::create_empty(const Runtime& runtime, std::uint32_t index, std::uint32_t count) {
  auto reactor = Reactor::create();
  if (!reactor) return reactor.error();
  std::unique_ptr<TlsContext> tls;
  if (runtime.origin.is_tls()) {
    auto made = TlsContext::create(runtime.transport.tls, runtime.origin.host);
    if (!made) return made.error();
    tls = *std::move(made);
  }
  auto loop = std::unique_ptr<Loop>(new Loop(runtime, index, count, *std::move(reactor), std::move(tls)));
  if (auto made = loop->make_transports(); !made) return made.error();
  return loop;
}

Result<std::unique_ptr<Loop>> Loop::create(const Runtime& runtime, std::uint32_t index, std::uint32_t count) {
  auto loop = create_empty(runtime, index, count);
  if (!loop) return loop;
  for (const Block& block : runtime.plan.blocks) (*loop)->add_block(block);
  return loop;
}

Result<std::unique_ptr<Loop>> Loop::create_bare(const Runtime& runtime) {
  return create_empty(runtime, 0, 1);
}

Result<void> Loop::make_transports() {
  for (std::size_t i = 0; i < kProtocols; ++i) {
    auto made = make_transport(static_cast<Protocol>(i), *this);
    if (!made) return made.error();
    transports_[i] = *std::move(made);
    if (transports_[i]) others_.push_back(transports_[i].get());
  }
  return {};
}

Loop::Loop(const Runtime& runtime, std::uint32_t index, std::uint32_t count, Reactor reactor,
           std::unique_ptr<TlsContext> tls)
    : runtime_(runtime),
      index_(index),
      count_(count),
      reactor_(std::move(reactor)),
      tls_(std::move(tls)),
      pool_(reactor_, runtime.addresses, tls_.get()),
      buffer_(std::make_unique<MetricBuffer>(runtime.layout)) {}

Loop::~Loop() = default;

void Loop::add_block(const Block& block) {
  BlockState state;
  state.block = &block;
  // At least one VU each: with fewer VUs than loops, some loops could start nothing at all.
  state.max_vus = std::max<std::size_t>(part_of(block.max_vus, index_, count_), 1);
  if (block.open_loop()) state.arrivals.emplace(block.curve, block.spacing, runtime_.plan.seed, block.stream);
  blocks_.push_back(std::move(state));
  if (block.open_loop()) advance(blocks_.back());
}

void Loop::advance(BlockState& state) {
  state.next = state.arrivals->next_of(index_, count_);
}

void Loop::run() {
  ::prctl(PR_SET_TIMERSLACK, 1);
  start_closed_loops();
  while (!quitting_) {
    const bool more_due = start_due_arrivals();
    wake_due(now());
    run_commands();
    publish();
    reactor_.wait(more_due ? Nanoseconds{0} : next_wait(now()));
    ++round_;
  }
}

void Loop::run_round(Nanoseconds longest_wait) {
  wake_due(now());
  busy_ = 1;  // deadlines are looked after
  reactor_.wait(std::min(longest_wait, next_wait(now())));
  ++round_;
}

void Loop::start_closed_loops() {
  for (BlockState& state : blocks_) {
    if (state.block->open_loop()) continue;
    for (std::uint32_t number = index_; number < state.block->vus; number += count_) {
      state.vus.push_back(std::make_unique<Vu>(*this, *state.block));
      Vu& vu = *state.vus.back();
      vu.number = number;
      set_busy(vu, true);
      vu.life = iterate_until_end(&vu);
      vu.life.start();
    }
  }
}

bool Loop::start_due_arrivals() {
  bool more_due = false;
  for (BlockState& state : blocks_) {
    int started = 0;
    while (state.next && state.next->time <= now()) {
      if (started++ == kArrivalsPerRound) {
        more_due = true;
        break;
      }
      const Arrival arrival = *state.next;
      advance(state);
      start_arrival(state, arrival);
    }
  }
  return more_due;
}

void Loop::start_arrival(BlockState& state, const Arrival& arrival) {
  if (state.free.empty() && state.vus.size() < state.max_vus) {
    state.vus.push_back(std::make_unique<Vu>(*this, *state.block));
    Vu& vu = *state.vus.back();
    vu.life = serve_arrivals(&vu);
    vu.life.start();  // parks itself
  }
  if (state.free.empty()) return drop(state, arrival);
  Vu& vu = *state.free.back();
  state.free.pop_back();
  vu.begin(arrival.index, arrival.time);
  ++metrics_at(arrival.time).flows[vu.flow_place].scheduled;
  set_busy(vu, true);
  vu.wake(Wake::ready);
}

void Loop::drop(BlockState& state, const Arrival& arrival) {
  const FlowShare& share = runtime_.plan.flow_of(*state.block, arrival.index);
  FlowMetrics& flow = metrics_at(arrival.time).flows[runtime_.layout.flow_place(state.block->index, share.flow)];
  ++flow.scheduled;
  ++flow.dropped;
}

void Loop::park(Vu& vu) {
  set_busy(vu, false);
  blocks_[vu.block.index].free.push_back(&vu);
}

void Loop::set_busy(Vu& vu, bool busy) noexcept {
  if (vu.busy == busy) return;
  vu.busy = busy;
  busy ? ++busy_ : --busy_;
}

void Loop::wake_due(Nanoseconds now) {
  while (const auto entry = sleeps_.take_due(now)) {
    Vu& vu = *entry->sleeper;
    if (vu.waiting_for == Vu::Waiting::sleep && vu.sleep_ticket == entry->ticket) vu.wake(Wake::ready);
  }
  while (DeadlineNode* node = deadlines_.take_expired(now)) static_cast<Vu*>(node)->wake(Wake::timeout);
  for (Transport* other : others_) {
    if (other->next_due() <= now) other->run_due(now);
  }
}

Nanoseconds Loop::next_wait(Nanoseconds now) const {
  Nanoseconds next = now + kLongestWait;
  for (const BlockState& state : blocks_) {
    if (state.next) next = std::min(next, state.next->time);
  }
  if (const auto sleep = sleeps_.next()) next = std::min(next, *sleep);
  for (const Transport* other : others_) next = std::min(next, other->next_due());
  if (busy_ > 0) next = std::min(next, deadlines_.next_tick());
  return next - now;
}

void Loop::post(std::function<void()> command) {
  {
    const std::lock_guard lock(mutex_);
    commands_.push_back(std::move(command));
  }
  commands_waiting_.store(true, std::memory_order_release);
  reactor_.wake();
}

void Loop::run_commands() {
  if (!commands_waiting_.exchange(false, std::memory_order_acquire)) return;
  std::vector<std::function<void()>> commands;
  {
    const std::lock_guard lock(mutex_);
    commands.swap(commands_);
  }
  for (const auto& command : commands) command();
}

void Loop::quit() {
  post([this] { quitting_ = true; });
}

void Loop::publish() noexcept {
  const bool nothing_left =
      std::none_of(blocks_.begin(), blocks_.end(), [](const BlockState& state) { return state.next.has_value(); });
  published_busy_.store(busy_, std::memory_order_relaxed);
  finished_.store(nothing_left && busy_ == 0, std::memory_order_release);
}

void Loop::stop_arrivals() {
  stopping_ = true;
  for (BlockState& state : blocks_) {
    // What was due and not yet started belongs to the schedule, and was not sent.
    for (const Nanoseconds until = now(); state.next && state.next->time <= until; advance(state))
      drop(state, *state.next);
    state.next.reset();
  }
}

void Loop::interrupt() {
  stop_arrivals();
  for (BlockState& state : blocks_) {
    for (const auto& vu : state.vus) {
      vu->interrupted = true;
      if (vu->waiting_for != Vu::Waiting::parked) vu->wake(Wake::interrupted);
    }
  }
}

std::unique_ptr<MetricBuffer> Loop::exchange(std::unique_ptr<MetricBuffer> empty) {
  TIDEGATE_ASSERT(empty != nullptr);
  return std::exchange(buffer_, std::move(empty));
}

std::unique_ptr<std::string> Loop::take_text() {
  if (texts_.empty()) return std::make_unique<std::string>();
  auto text = std::move(texts_.back());
  texts_.pop_back();
  text->clear();
  return text;
}

void Loop::give_text(std::unique_ptr<std::string> text) {
  texts_.push_back(std::move(text));
}

}  // namespace tidegate::loadgen
