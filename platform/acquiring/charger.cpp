#include "platform/acquiring/charger.hpp"

#include "base/log.hpp"
#include "platform/events/payment_events.hpp"
#include "platform/service/await_store.hpp"
#include "platform/service/trace_context.hpp"

namespace tidegate::platform {
namespace {

constexpr Nanoseconds kWriteAgainAfter = std::chrono::milliseconds(500);
constexpr Nanoseconds kTellEvery = std::chrono::seconds(1);

Envelope result_event(const Attempt& attempt, const BankAnswer& answer) {
  Envelope event;
  event.payment = attempt.payment;
  event.tenant = attempt.merchant;
  event.traceparent = continue_trace(attempt.traceparent);
  AcquirerResult result;
  result.reference = attempt.reference;
  if (answer.kind == BankAnswer::Kind::approved) {
    event.type = event_type::acquirer_approved;
    result.auth_code = answer.auth_code;
  } else {
    event.type = event_type::acquirer_declined;
    result.reason = answer.reason;
  }
  event.data = result.to_data();
  return event;
}

}  // namespace

Charger::Charger(asio::any_io_executor executor, Store& store, Outbox& outbox, BankLink& link, Metrics& metrics)
    : executor_(std::move(executor)),
      store_(store),
      outbox_(outbox),
      link_(link),
      calls_(metrics.counter("acquiring_bank_calls_total", "Calls to the bank, enquiries included.")),
      unsettled_(metrics.counter("acquiring_unsettled_calls_total", "Calls that left the outcome open.")),
      approved_(metrics.counter("acquiring_results_total", "Attempts settled.", {{"result", "approved"}})),
      declined_(metrics.counter("acquiring_results_total", "Attempts settled.", {{"result", "declined"}})) {
  metrics.gauge("acquiring_open_attempts", "Attempts without an outcome.", {},
                [this] { return static_cast<double>(open()); });
}

void Charger::submit(Attempt attempt, bool resumed) {
  if (stopping_) return;
  ++open_;
  waiting_.push_back({std::move(attempt), resumed});
  start_next();
}

void Charger::start_next() {
  while (!stopping_ && in_flight_ < kAtOnce && !waiting_.empty()) {
    Waiting next = std::move(waiting_.front());
    waiting_.pop_front();
    ++in_flight_;
    asio::co_spawn(executor_, settle(std::move(next)), [this](std::exception_ptr failed) {
      if (failed) log::error("an attempt ended with an exception; the next start resumes it");
      --in_flight_;
      --open_;
      start_next();
    });
  }
}

asio::awaitable<void> Charger::settle(Waiting waiting) {
  ChargeFlow flow(waiting.attempt.reference, waiting.resumed);
  ChargeFlow::Step step = flow.first();
  BankAnswer answer;
  while (step.action != ChargeFlow::Action::finished) {
    co_await pause(step.wait);
    if (stopping_) co_return;
    calls_.add();
    if (step.action == ChargeFlow::Action::post) {
      answer = co_await link_.post(waiting.attempt);
    } else {
      answer = co_await link_.enquire(waiting.attempt);
    }
    step = flow.next(answer);
    if (answer.kind != BankAnswer::Kind::unknown) continue;
    unsettled_.add();
    tell_unsettled(waiting.attempt, answer);
  }
  while (!co_await write_result(waiting.attempt, answer)) {
    co_await pause(kWriteAgainAfter);
    if (stopping_) co_return;
  }
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

asio::awaitable<bool> Charger::write_result(Attempt attempt, BankAnswer answer) {
  Envelope event = result_event(attempt, answer);
  bool is_new = false;
  Work write = [&](Connection& connection) -> Result<void> {
    auto resolved = resolve_attempt(connection, attempt.reference, answer);
    if (!resolved) return resolved.error();
    is_new = *resolved;
    return is_new ? outbox_.append(connection, event) : Result<void>{};
  };
  std::function<void()> committed = [&] {
    if (is_new) outbox_.committed(event);
  };
  const Result<void> outcome = co_await commit(store_, std::move(write), std::move(committed));
  if (!outcome) {
    log::warn("a result cannot be written yet", {{"reference", attempt.reference}, {"why", outcome.error().message}});
    co_return false;
  }
  if (is_new) (answer.kind == BankAnswer::Kind::approved ? approved_ : declined_).add();
  co_return true;
}

asio::awaitable<void> Charger::pause(Nanoseconds length) {
  if (length <= Nanoseconds{0} || stopping_) co_return;
  asio::steady_timer timer(executor_, length);
  pauses_.insert(&timer);
  error_code ignored;
  co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  pauses_.erase(&timer);
}

asio::awaitable<void> Charger::wait_until_idle(Nanoseconds limit) {
  constexpr Nanoseconds look_every = std::chrono::milliseconds(5);
  const Nanoseconds deadline = monotonic_now() + limit;
  while (in_flight_ > 0 && monotonic_now() < deadline) {
    asio::steady_timer timer(executor_, look_every);
    co_await timer.async_wait(asio::use_awaitable);
  }
}

asio::awaitable<void> Charger::stop(Nanoseconds limit) {
  stopping_ = true;
  waiting_.clear();
  for (asio::steady_timer* timer : pauses_) timer->cancel();
  co_await wait_until_idle(limit);
  link_.stop();
  co_await wait_until_idle(limit);
}

}  // namespace tidegate::platform
