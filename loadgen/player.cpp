// How a virtual user plays an iteration: requests with their retries, polls, pauses, one after the other.
//
//   due(step 1) = arrival;  due(step n+1) = last byte of step n + think time;  response_time = last byte - due

#include <algorithm>

#include "loadgen/exchange.hpp"
#include "loadgen/judge.hpp"
#include "loadgen/loop.hpp"
#include "loadgen/recorder.hpp"

namespace tidegate::loadgen {
namespace {

struct StepEnd {
  IterationOutcome outcome = IterationOutcome::ok;
  Nanoseconds ended{0};
};

/// A text buffer of the loop, for as long as a request needs its bytes.
class TextLease {
 public:
  explicit TextLease(Loop& loop) : loop_(loop), text_(loop.take_text()) {}
  ~TextLease() { loop_.give_text(std::move(text_)); }
  TextLease(const TextLease&) = delete;
  TextLease& operator=(const TextLease&) = delete;
  std::string& operator*() const { return *text_; }

 private:
  Loop& loop_;
  std::unique_ptr<std::string> text_;
};

/// A step's request, rendered once, however often it is sent.
class Outgoing {
 public:
  Outgoing(Vu& vu, const Step& step, std::string& memory)
      : vu_(vu), step_(step), other_(vu.loop.transport(step.request.protocol)) {
    if (other_ == nullptr && !step.request.prepared.empty()) {
      bytes_ = step.request.prepared;
      return;
    }
    if (!vu.now_ms) vu.now_ms = vu.loop.runtime().clock.to_unix(vu.loop.now()).count() / 1'000'000;
    if (other_ != nullptr) {
      parts_ = std::make_unique<RenderedRequest>();
      whole_ = render_parts(vu.scope(), step.request, *parts_);
    } else {
      whole_ = render_request(vu.scope(), step.request, vu.loop.scratch(), memory);
      bytes_ = memory;
    }
  }

  /// False: a slot has no value.
  bool whole() const { return whole_; }
  Task<Attempt> send(Nanoseconds started, Nanoseconds deadline) const {
    if (other_ != nullptr) {
      const Expectation& until = step_.kind == Step::Kind::poll ? step_.until : step_.expect;
      return other_->exchange(&vu_, {&step_.request, *parts_, &until, started, deadline});
    }
    return exchange(&vu_, {bytes_, started, deadline, step_.request.method == "HEAD", step_.reads_body()});
  }

 private:
  Vu& vu_;
  const Step& step_;
  Transport* other_;
  std::string_view bytes_;
  std::unique_ptr<RenderedRequest> parts_;
  bool whole_ = true;
};

ErrorClass unrenderable(const Vu& vu) {
  const bool dry = std::any_of(vu.flow->feeders.begin(), vu.flow->feeders.end(),
                               [&](std::uint32_t feeder) { return vu.rows[feeder].dry; });
  return dry ? ErrorClass::data : ErrorClass::capture;
}

bool may_retry(const Step& step, const Attempt& attempt, ErrorClass error, Nanoseconds first_started) {
  if (!step.retry || error == ErrorClass::none || error == ErrorClass::interrupted) return false;
  if (attempt.ended + step.retry->every > first_started + step.retry->within) return false;
  const auto& classes = step.retry->classes;
  const auto& statuses = step.retry->statuses;
  return std::find(classes.begin(), classes.end(), error) != classes.end() ||
         std::find(statuses.begin(), statuses.end(), attempt.status()) != statuses.end();
}

/// Judges the answer and takes the captures.
ErrorClass judge_attempt(Vu& vu, const Step& step, const Expectation& expectation, const Attempt& attempt,
                         Nanoseconds response_time) {
  if (attempt.error != ErrorClass::none) return attempt.error;
  const Answer answer(attempt);
  const ErrorClass error = judge(expectation, vu.scope(), answer, response_time);
  return error == ErrorClass::none ? take_captures(step.captures, answer, vu.captures) : error;
}

IterationOutcome outcome_of(ErrorClass error) {
  if (error == ErrorClass::none) return IterationOutcome::ok;
  return error == ErrorClass::interrupted ? IterationOutcome::interrupted : IterationOutcome::failed;
}

Task<StepEnd> play_request(Vu* vu, std::uint32_t index, Nanoseconds due, Nanoseconds started) {
  const Step& step = vu->flow->steps[index];
  const TextLease text(vu->loop);
  const Outgoing request(*vu, step, *text);
  if (!request.whole() || (step.operation && !describe_operation(*vu, step, static_cast<std::uint16_t>(index)))) {
    record_error(*vu, index, due, unrenderable(*vu));
    co_return StepEnd{IterationOutcome::failed, vu->loop.now()};
  }
  StepSample sample{due, started, {}, false};
  ErrorClass error = ErrorClass::none;
  for (std::uint16_t number = 1;; ++number) {
    bool again = false;
    {
      if (step.operation) record_invoke(*vu, started, number);
      const Attempt attempt = co_await request.send(started, started + step.timeout);
      error = judge_attempt(*vu, step, step.expect, attempt, attempt.ended - due);
      if (step.operation) record_completion(*vu, step, attempt, error);
      if (step.read && error == ErrorClass::none) record_read(*vu, step, attempt);
      record_attempt(*vu, index, due, attempt, error);
      sample.ended = attempt.ended;
      again = may_retry(step, attempt, error, sample.first_started);
    }  // the connection goes back before the pause
    if (!again) break;
    if (co_await SleepUntil{*vu, sample.ended + step.retry->every} == Wake::interrupted) {
      error = ErrorClass::interrupted;
      break;
    }
    started = vu->loop.now();
  }
  sample.expected = error == ErrorClass::none;
  record_step(*vu, index, sample);
  co_return StepEnd{outcome_of(error), sample.ended};
}

Task<StepEnd> play_poll(Vu* vu, std::uint32_t index) {
  Loop& loop = vu->loop;
  const Step& step = vu->flow->steps[index];
  const TextLease text(loop);
  const Outgoing request(*vu, step, *text);
  const Nanoseconds since = vu->step_ends[step.since];
  const Nanoseconds deadline = since + step.limit;
  if (!request.whole()) {
    record_error(*vu, index, since, unrenderable(*vu));
    co_return StepEnd{IterationOutcome::failed, loop.now()};
  }
  ErrorClass error = ErrorClass::timeout;
  Nanoseconds ended = since;
  for (Nanoseconds next = since + step.every;; next = std::max(next + step.every, ended)) {
    if (next >= deadline) next = deadline;
    if (co_await SleepUntil{*vu, next} == Wake::interrupted) error = ErrorClass::interrupted;
    ended = loop.now();
    if (error == ErrorClass::interrupted || ended >= deadline) break;
    const Attempt attempt = co_await request.send(ended, deadline);
    ended = attempt.ended;
    const ErrorClass held = judge_attempt(*vu, step, step.until, attempt, ended - since);
    // An answer that does not hold the condition yet is what polls are for; no answer is an error.
    record_poll_request(*vu, index, attempt, attempt.error);
    if (step.read && held == ErrorClass::none) record_read(*vu, step, attempt);
    if (held == ErrorClass::none || held == ErrorClass::capture || held == ErrorClass::interrupted) error = held;
    if (error != ErrorClass::timeout) break;
  }
  if (error != ErrorClass::none) record_error(*vu, index, since, error);
  record_poll(*vu, index, since, ended, error == ErrorClass::none);
  co_return StepEnd{outcome_of(error), ended};
}

/// Sleeps through pauses; interrupted ends the iteration.
Task<void> play_iteration(Vu* vu, Nanoseconds* ended) {
  Loop& loop = vu->loop;
  Nanoseconds due = vu->due;
  Nanoseconds started = loop.now();
  record_start(*vu, started);
  IterationOutcome outcome = IterationOutcome::ok;
  for (std::uint32_t index = 0; index < vu->flow->steps.size(); ++index) {
    const Step& step = vu->flow->steps[index];
    StepEnd end{IterationOutcome::ok, due};
    switch (step.kind) {
      case Step::Kind::request:
        end = co_await play_request(vu, index, due, index == 0 ? started : loop.now());
        break;
      case Step::Kind::poll:
        end = co_await play_poll(vu, index);
        break;
      case Step::Kind::think:
        end.ended = due + step.think;
        if (co_await SleepUntil{*vu, end.ended} == Wake::interrupted) end.outcome = IterationOutcome::interrupted;
        break;
    }
    due = vu->step_ends[index] = end.ended;
    if (end.outcome != IterationOutcome::ok) outcome = end.outcome;
    const bool goes_on =
        end.outcome == IterationOutcome::ok || (end.outcome == IterationOutcome::failed && step.continue_on_failure);
    if (!goes_on) break;
  }
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

Task<void> iterate_until_end(Vu* vu) {
  Loop& loop = vu->loop;
  co_await SleepUntil{*vu, vu->block.start};
  Nanoseconds free_since = std::max(vu->block.start, loop.now());
  for (std::uint64_t turn = 0; !loop.stopping() && !vu->interrupted && free_since < vu->block.end; ++turn) {
    const std::uint64_t round = loop.round();
    vu->begin(turn * vu->block.vus + vu->number, free_since);
    co_await play_iteration(vu, &free_since);
    const bool dry = std::any_of(vu->flow->feeders.begin(), vu->flow->feeders.end(),
                                 [&](std::uint32_t feeder) { return vu->rows[feeder].dry; });
    if (dry) break;
    // An iteration that never had to wait (nothing listens there, say) must not keep the loop from everything else.
    if (round == loop.round()) co_await SleepUntil{*vu, loop.now()};
  }
  loop.set_busy(*vu, false);
}

}  // namespace tidegate::loadgen
