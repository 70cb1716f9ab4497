#include "platform/acquiring/charger.hpp"

#include <algorithm>
#include <iterator>

#include "base/log.hpp"
#include "base/random.hpp"
#include "platform/acquiring/results.hpp"
#include "platform/service/await_store.hpp"
#include "platform/service/trace_context.hpp"

namespace tidegate::platform {
namespace {

constexpr Nanoseconds kWriteAgainAfter = std::chrono::milliseconds(500);
constexpr Nanoseconds kTellEvery = std::chrono::seconds(1);
constexpr std::int64_t kExpireAtOnce = 200;

}  // namespace

Charger::Charger(Parts parts)
    : parts_(parts),
      calls_(parts.metrics.counter("acquiring_bank_calls_total", "Calls to the bank, enquiries included.")),
      unsettled_(parts.metrics.counter("acquiring_unsettled_calls_total", "Calls that left the outcome open.")),
      approved_(parts.metrics.counter("acquiring_results_total", "Attempts settled.", {{"result", "approved"}})),
      declined_(parts.metrics.counter("acquiring_results_total", "Attempts settled.", {{"result", "declined"}})),
      moved_on_(parts.metrics.counter("acquiring_cascades_total", "Attempts handed to the next acquirer.")),
      conflicts_(parts.metrics.counter("acquiring_conflicts_total", "Outcomes that the bank contradicted.")),
      submitted_(parts.executor, [this](std::vector<Waiting> submitted) { take(std::move(submitted)); }),
      pauses_(parts.executor) {
  parts.metrics.gauge("acquiring_open_attempts", "Attempts without an outcome.", {},
                      [this] { return static_cast<double>(open()); });
}

void Charger::submit(Attempt attempt, bool resumed) {
  ++open_;
  submitted_.push({std::move(attempt), resumed});
}

void Charger::take(std::vector<Waiting> submitted) {
  if (stopping_) return;
  std::ranges::move(submitted, std::back_inserter(waiting_));
  start_next();
}

void Charger::start_next() {
  while (!stopping_ && in_flight_ < kAtOnce && !waiting_.empty()) {
    Waiting next = std::move(waiting_.front());
    waiting_.pop_front();
    ++in_flight_;
    asio::co_spawn(parts_.executor, settle(std::move(next)), [this](std::exception_ptr failed) {
      if (failed) log::error("an attempt ended with an exception; the next start resumes it");
      --in_flight_;
      --open_;
      start_next();
    });
  }
}

asio::awaitable<void> Charger::settle(Waiting waiting) {
  Attempt attempt = std::move(waiting.attempt);
  bool resumed = waiting.resumed;
  std::optional<FxRate> rate;
  std::optional<BankAnswer> answer;
  const bool asks_first = !is_command(attempt.kind) && parts_.preparation != nullptr;
  if (asks_first) {
    const bool prepared = co_await prepare(attempt, rate, answer);
    if (!prepared) co_return;
  }
  if (resumed && answer) answer.reset();  // the bank may know it: a denial now does not undo that
  while (!answer) {
    const bool fresh = !resumed && !is_command(attempt.kind);
    if (fresh) {
      const bool found = co_await find_acquirer(attempt);
      if (!found) co_return;
    }
    answer = co_await find_out(attempt, resumed, fresh);
    if (!answer) co_return;
    const bool elsewhere = answer->kind == BankAnswer::Kind::declined && answer->elsewhere &&
                           !attempt.cascade.empty() && !is_command(attempt.kind);
    if (!elsewhere) break;
    while (!co_await move_on(attempt, *answer)) {
      co_await pauses_.wait(kWriteAgainAfter);
      if (stopping_) co_return;
    }
    answer.reset();
    resumed = false;
  }
  while (!co_await write_result(attempt, *answer, rate)) {
    co_await pauses_.wait(kWriteAgainAfter);
    if (stopping_) co_return;
  }
}

asio::awaitable<bool> Charger::prepare(const Attempt& attempt, std::optional<FxRate>& rate,
                                       std::optional<BankAnswer>& denial) {
  const std::uint64_t seed = stable_hash(attempt.reference);
  for (std::uint32_t tries = 1; !stopping_; ++tries) {
    const Prepared prepared = co_await parts_.preparation->prepare(attempt);
    rate = prepared.rate;
    if (prepared.kind == Prepared::Kind::ready) co_return true;
    if (prepared.kind == Prepared::Kind::denied) {
      denial = BankAnswer{BankAnswer::Kind::declined, {}, "identity_denied"};
      co_return true;
    }
    co_await pauses_.wait(back_off(seed, tries));
  }
  co_return false;
}

asio::awaitable<bool> Charger::find_acquirer(Attempt& attempt) {
  if (attempt.acquirer.empty()) co_return true;  // of an older program: the bank chooses
  const std::uint64_t seed = stable_hash(attempt.reference);
  const BankAnswer skipped{BankAnswer::Kind::declined, {}, "breaker_open"};
  for (std::uint32_t tries = 1; !stopping_; ++tries) {
    while (true) {
      if (breaker_of(attempt.acquirer).allow(monotonic_now())) co_return true;
      if (attempt.cascade.empty()) break;
      // Nothing was sent to this one: the payment is free to go elsewhere.
      const bool moved = co_await move_on(attempt, skipped);
      if (!moved) break;
    }
    co_await pauses_.wait(back_off(seed, tries));
  }
  co_return false;
}

asio::awaitable<std::optional<BankAnswer>> Charger::find_out(const Attempt& attempt, bool resumed, bool asked_breaker) {
  ChargeFlow flow(attempt.reference, resumed);
  ChargeFlow::Step step = flow.first();
  BankCall call;
  while (step.action != ChargeFlow::Action::finished) {
    co_await pauses_.wait(step.wait);
    if (stopping_) co_return std::nullopt;
    calls_.add();
    if (step.action == ChargeFlow::Action::post) {
      call = co_await parts_.link.post(attempt);
    } else {
      call = co_await parts_.link.enquire(attempt);
    }
    // Enquiries and repeats of the same reference do not ask the breaker, but what they learn counts.
    if (asked_breaker || call.outcome != Breaker::Outcome::success) {
      breaker_of(attempt.acquirer).report(call.outcome, monotonic_now());
    }
    asked_breaker = false;
    step = flow.next(call.answer);
    if (call.answer.kind != BankAnswer::Kind::unknown) continue;
    unsettled_.add();
    tell_unsettled(attempt, call.answer);
  }
  co_return std::move(call.answer);
}

/// At most once a second: a bank that is away leaves every attempt open.
void Charger::tell_unsettled(const Attempt& attempt, const BankAnswer& answer) {
  const Nanoseconds now = monotonic_now();
  if (now - told_at_ < kTellEvery) return;
  told_at_ = now;
  log::warn("the outcome of a charge is unknown; asking on", {{"reference", attempt.reference},
                                                              {"trace", std::string(trace_id(attempt.traceparent))},
                                                              {"open", std::to_string(open())},
                                                              {"why", answer.reason}});
}

asio::awaitable<bool> Charger::move_on(Attempt& attempt, BankAnswer answer) {
  Attempt next = attempt.next();
  Work write = [&](Connection& connection) -> Result<void> {
    auto resolved = resolve_attempt(connection, attempt.reference, answer);
    if (!resolved) return resolved.error();
    return insert_attempt(connection, next);
  };
  const Result<void> outcome = co_await commit(parts_.store, std::move(write), {}, Urgency::background);
  if (!outcome) {
    log::warn("an attempt cannot move on yet", {{"reference", attempt.reference}, {"why", outcome.error().message}});
    co_return false;
  }
  moved_on_.add();
  attempt = std::move(next);
  co_return true;
}

asio::awaitable<bool> Charger::write_result(const Attempt& attempt, BankAnswer answer, std::optional<FxRate> rate) {
  Envelope event = result_event(attempt, answer, rate);
  bool is_new = false;
  Work write = [&](Connection& connection) -> Result<void> {
    auto resolved = resolve_attempt(connection, attempt.reference, answer);
    if (!resolved) return resolved.error();
    is_new = *resolved;
    return is_new ? parts_.outbox.append(connection, event) : Result<void>{};
  };
  std::function<void()> committed = [&] {
    if (is_new) parts_.outbox.committed(event);
  };
  const Result<void> outcome =
      co_await commit(parts_.store, std::move(write), std::move(committed), Urgency::background);
  if (!outcome) {
    log::warn("a result cannot be written yet", {{"reference", attempt.reference}, {"why", outcome.error().message}});
    co_return false;
  }
  if (is_new) (answer.kind == BankAnswer::Kind::approved ? approved_ : declined_).add();
  co_return true;
}

asio::awaitable<Result<Charger::Heard>> Charger::hear(std::string reference, BankAnswer answer) {
  Heard heard = Heard::not_known;
  Envelope event;
  const std::string_view said = answer.kind == BankAnswer::Kind::approved ? "approved" : "declined";
  Work write = [&](Connection& connection) -> Result<void> {
    auto found = find_attempt(connection, reference);
    if (!found) return found.error();
    heard = Heard::not_known;
    if (!*found) return {};
    const auto& [attempt, status] = **found;
    if (status == "open") {
      auto resolved = resolve_attempt(connection, reference, answer);
      if (!resolved) return resolved.error();
      heard = Heard::resolved;
      event = result_event(attempt, answer, std::nullopt);
      return parts_.outbox.append(connection, event);
    }
    const bool same = status == said || status == "conflicted" || (status == "expired" && said == "approved") ||
                      (status == "rejected" && said == "declined");
    if (same) {
      heard = Heard::repeated;
      return {};
    }
    heard = Heard::contradicted;
    auto marked = connection.execute("UPDATE attempts SET status = 'conflicted' WHERE reference = ?1", {reference});
    if (!marked) return marked.error();
    event = conflict_event(attempt, "the bank said " + status + ", and later " + std::string(said));
    return parts_.outbox.append(connection, event);
  };
  std::function<void()> committed = [&] {
    if (heard == Heard::resolved || heard == Heard::contradicted) parts_.outbox.committed(event);
  };
  const Result<void> outcome = co_await commit(parts_.store, std::move(write), std::move(committed));
  if (!outcome) co_return outcome.error();
  if (heard == Heard::contradicted) conflicts_.add();
  co_return heard;
}

asio::awaitable<std::size_t> Charger::expire(std::int64_t now_ms) {
  std::vector<Envelope> events;
  Work write = [&](Connection& connection) -> Result<void> {
    events.clear();
    auto expired = expire_authorizations(connection, now_ms, kExpireAtOnce);
    if (!expired) return expired.error();
    for (const Attempt& attempt : *expired) {
      events.push_back(expiry_event(attempt));
      if (auto appended = parts_.outbox.append(connection, events.back()); !appended) return appended;
    }
    return {};
  };
  std::function<void()> committed = [&] {
    for (const Envelope& event : events) parts_.outbox.committed(event);
  };
  const Result<void> outcome =
      co_await commit(parts_.store, std::move(write), std::move(committed), Urgency::background);
  co_return outcome ? events.size() : 0;
}

Breaker::State Charger::breaker_state(const std::string& acquirer) const {
  const auto found = breakers_.find(acquirer);
  return found == breakers_.end() ? Breaker::State::closed : found->second.state(monotonic_now());
}

asio::awaitable<void> Charger::wait_until_idle(Nanoseconds limit) {
  constexpr Nanoseconds look_every = std::chrono::milliseconds(5);
  const Nanoseconds deadline = monotonic_now() + limit;
  while (in_flight_ > 0 && monotonic_now() < deadline) {
    asio::steady_timer timer(parts_.executor, look_every);
    co_await timer.async_wait(asio::use_awaitable);
  }
}

asio::awaitable<void> Charger::stop(Nanoseconds limit) {
  stopping_ = true;
  waiting_.clear();
  pauses_.stop();
  co_await wait_until_idle(limit);
  if (parts_.preparation != nullptr) parts_.preparation->stop();
  parts_.link.stop();
  co_await wait_until_idle(limit);
}

}  // namespace tidegate::platform
