#include "loadgen/loop.hpp"

#include <sys/prctl.h>

#include <algorithm>
#include <thread>

#include "base/assert.hpp"
#include "loadgen/thread_urgency.hpp"
#include "loadgen/thread_usage.hpp"

namespace tidegate::loadgen {
namespace {

constexpr int kWakesPerRound = 256;  // then answers have their turn
constexpr Nanoseconds kUsageWindow = std::chrono::milliseconds(10);
constexpr Nanoseconds kLongestWait = std::chrono::milliseconds(100);
constexpr Nanoseconds kNotWorthSleeping = std::chrono::microseconds(8);  // to fall asleep and wake up takes as long
// A real-time thread that takes its whole core is kept off it by the kernel for some 50 ms in each second when others
// want it, and all arrivals of that time are late. One that gives the same in small pieces is not.
constexpr double kWholeCore = 0.9;
constexpr Nanoseconds kGiveEvery = std::chrono::milliseconds(1), kGive = std::chrono::microseconds(50);
constexpr Nanoseconds kLongestSpin = std::chrono::microseconds(100);  // longer gaps wait on the timer first

}  // namespace

Wait wait_in_ticks(Nanoseconds now, Nanoseconds next_event, bool in_progress, Nanoseconds tick) noexcept {
  const auto ticks = [tick](Nanoseconds time) { return time / tick - (time % tick < Nanoseconds{0} ? 1 : 0); };
  const Nanoseconds next_tick = (ticks(now) + 1) * tick;
  if (in_progress || next_event <= next_tick) return {next_tick, true};
  const Nanoseconds on_tick = ticks(next_event) * tick;
  return {on_tick < next_event ? on_tick + tick : on_tick, false};
}

Result<std::unique_ptr<Loop>> Loop::create_bare(const Runtime& runtime) {
  auto reactor = Reactor::create();
  if (!reactor) return reactor.error();
  std::unique_ptr<TlsContext> tls;
  if (runtime.origin.is_tls()) {
    auto made = TlsContext::create(runtime.transport.tls, runtime.origin.host);
    if (!made) return made.error();
    tls = *std::move(made);
  }
  auto loop = std::unique_ptr<Loop>(new Loop(runtime, *std::move(reactor), std::move(tls)));
  if (auto made = loop->make_transports(); !made) return made.error();
  return loop;
}

Result<std::unique_ptr<Loop>> Loop::create(const Runtime& runtime, Part part) {
  auto loop = create_bare(runtime);
  if (!loop) return loop;
  for (const Block& block : runtime.plan.blocks) {
    (*loop)->players_.push_back(std::make_unique<BlockPlayer>(**loop, block, part));
  }
  return loop;
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

Loop::Loop(const Runtime& runtime, Reactor reactor, std::unique_ptr<TlsContext> tls)
    : runtime_(runtime),
      reactor_(std::move(reactor)),
      tls_(std::move(tls)),
      pool_(reactor_, runtime.addresses, tls_.get(), runtime.sources),
      buffer_(std::make_unique<MetricBuffer>(runtime.layout)) {}

Loop::~Loop() = default;

void Loop::run() {
  ::prctl(PR_SET_TIMERSLACK, 1);
  become_urgent();
  begun_ = looked_at_usage_ = now();
  used_ = thread_cpu_time();
  for (const auto& player : players_) player->start();
  while (!quitting_) {
    const bool more_arrivals = start_due_arrivals();
    const bool more_wakes = wake_due(now());
    run_commands();
    publish();
    measure_usage();
    give_way();
    wait_for_events(more_arrivals || more_wakes);
    pool_.read_on();
    ++round_;
  }
}

/// The last stretch before whatever comes next is not slept through when sleep would cost as much, or within the
/// budget.
void Loop::wait_for_events(bool more) {
  if (more) {
    reactor_.poll();
    return;
  }
  const Nanoseconds before = now();
  const Nanoseconds next = next_event(before);
  if (runtime_.plan.tick > Nanoseconds{0}) {
    const Wait wait = wait_in_ticks(before, next, busy_ > 0, runtime_.plan.tick);
    const Nanoseconds until = runtime_.clock.to_monotonic(wait.until);
    return wait.rest ? reactor_.rest_until(until) : reactor_.wait_until(until);
  }
  if (next - before > kNotWorthSleeping && !may_spin(next - before, before)) {
    const bool could_spin = runtime_.spin > 0 && next - before > kLongestSpin;
    return reactor_.wait_until(runtime_.clock.to_monotonic(could_spin ? next - kLongestSpin : next));
  }
  if (reactor_.poll()) return;  // that was work
  spun_ += now() - before;
  published_spun_.store(spun_.count(), std::memory_order_relaxed);
}

bool Loop::may_spin(Nanoseconds wait, Nanoseconds now) const noexcept {
  return wait <= kLongestSpin && to_seconds(spun_) < runtime_.spin * to_seconds(now - begun_);
}

void Loop::measure_usage() {
  const Nanoseconds wall = now();
  if (wall - looked_at_usage_ < kUsageWindow) return;
  const Nanoseconds used = thread_cpu_time();
  share_ = to_seconds(used - used_) / to_seconds(wall - looked_at_usage_);
  used_ = used;
  looked_at_usage_ = wall;
}

/// A closed loop has no arrivals to be late for, and keeps its throughput.
void Loop::give_way() {
  if (share_ < kWholeCore || now() < gave_way_ + kGiveEvery) return;
  const bool paced = std::any_of(players_.begin(), players_.end(), [](const auto& player) { return player->paced(); });
  if (paced) std::this_thread::sleep_for(kGive);
  gave_way_ = now();
}

void Loop::run_round(Nanoseconds longest_wait) {
  wake_due(now());
  busy_ = 1;  // deadlines are looked after
  const Nanoseconds before = now();
  reactor_.wait_until(runtime_.clock.to_monotonic(std::min(before + longest_wait, next_event(before))));
  pool_.read_on();
  ++round_;
}

bool Loop::start_due_arrivals() {
  bool more_due = false;
  for (const auto& player : players_) more_due = player->start_due_arrivals() || more_due;
  return more_due;
}

void Loop::set_memory_short(bool is_short) noexcept {
  memory_short_ = is_short;
  if (is_short) pool_.forget_answers();
}

void Loop::set_busy(Vu& vu, bool busy) noexcept {
  if (vu.busy == busy) return;
  vu.busy = busy;
  busy ? ++busy_ : --busy_;
}

bool Loop::wake_due(Nanoseconds now) {
  for (const auto& player : players_) player->cut_off(now);
  while (DeadlineNode* node = deadlines_.take_expired(now)) static_cast<Vu*>(node)->wake(Wake::timeout);
  for (Transport* other : others_) {
    if (other->next_due() <= now) other->run_due(now);
  }
  for (int woken = 0; woken < kWakesPerRound; ++woken) {
    const auto entry = sleeps_.take_due(now);
    if (!entry) return false;
    Vu& vu = *entry->sleeper;
    if (vu.waiting_for == Vu::Waiting::sleep && vu.sleep_ticket == entry->ticket) vu.wake(Wake::ready);
  }
  return true;
}

Nanoseconds Loop::next_event(Nanoseconds now) const {
  if (pool_.any_greedy()) return now;
  Nanoseconds next = now + kLongestWait;
  for (const auto& player : players_) next = std::min(next, player->next_event());
  if (const auto sleep = sleeps_.next()) next = std::min(next, *sleep);
  for (const Transport* other : others_) next = std::min(next, other->next_due());
  if (busy_ > 0) next = std::min(next, deadlines_.next_tick());
  return next;
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
  if (!commands_waiting_.load(std::memory_order_relaxed)) return;
  commands_waiting_.exchange(false, std::memory_order_acquire);
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
  std::size_t allocated = 0, searching = 0;
  bool nothing_left = busy_ == 0;
  for (const auto& player : players_) {
    allocated += player->allocated_vus();
    searching += player->searching_vus();
    nothing_left = nothing_left && player->nothing_left();
  }
  published_busy_.store(busy_, std::memory_order_relaxed);
  published_searching_.store(static_cast<std::uint32_t>(searching), std::memory_order_relaxed);
  published_allocated_.store(static_cast<std::uint32_t>(allocated), std::memory_order_relaxed);
  finished_.store(nothing_left, std::memory_order_release);
}

void Loop::stop_arrivals() {
  for (const auto& player : players_) player->stop_arrivals();
}

void Loop::interrupt() {
  for (const auto& player : players_) player->interrupt();
}

std::unique_ptr<MetricBuffer> Loop::exchange(std::unique_ptr<MetricBuffer> empty) {
  TIDEGATE_ASSERT(empty != nullptr);
  return std::exchange(buffer_, std::move(empty));
}

OperationNotes Loop::exchange(OperationNotes empty) {
  return operations_.exchange(std::move(empty));
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
