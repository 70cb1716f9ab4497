#include "loadgen/steps.hpp"

#include <algorithm>

#include "loadgen/exchange.hpp"
#include "loadgen/judge.hpp"
#include "loadgen/loop.hpp"
#include "loadgen/outgoing.hpp"
#include "loadgen/recorder.hpp"

namespace tidegate::loadgen {
namespace {

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
  if (is_generator_limit(error)) return IterationOutcome::unsent;
  return error == ErrorClass::interrupted ? IterationOutcome::interrupted : IterationOutcome::failed;
}

void keep_cookies(Vu& vu, const Attempt& attempt, const Step& step) {
  if (vu.cookies == nullptr || attempt.error != ErrorClass::none) return;
  const std::string_view target = step.request.target.constant() ? step.request.target.literal() : "/";
  Answer(attempt).each_header("Set-Cookie", [&](std::string_view header) { vu.cookies->store(header, target); });
}

/// Sends the request, and again where the answer points. Every hop but the last is recorded here.
Task<Attempt> send_and_follow(Vu* vu, std::uint32_t index, Outgoing* request, Nanoseconds due, Nanoseconds started) {
  const Step& step = vu->flow->steps[index];
  const Nanoseconds deadline = started + step.timeout;
  Attempt attempt = co_await request->send(started, deadline);
  keep_cookies(*vu, attempt, step);
  for (int hops = 0; hops < step.redirects && attempt.status() / 100 == 3; ++hops) {
    if (!request->follow(Answer(attempt))) break;
    record_attempt(*vu, index, due, attempt, ErrorClass::none);
    attempt.connection = ConnectionLease();  // given back, to be used by the next hop
    attempt = co_await request->send(vu->loop.now(), deadline);
    keep_cookies(*vu, attempt, step);
  }
  co_return attempt;
}

}  // namespace

Task<StepEnd> play_request(Vu* vu, std::uint32_t index, Nanoseconds due, Nanoseconds started) {
  const Step& step = vu->flow->steps[index];
  const TextLease text(vu->loop);
  Outgoing request(*vu, step, *text);
  if (!request.whole() || (step.operation && !describe_operation(*vu, step, static_cast<std::uint16_t>(index)))) {
    record_error(*vu, index, due, unrenderable(*vu));
    co_return StepEnd{IterationOutcome::failed, vu->loop.now()};
  }
  const std::uint32_t body = step.operation ? request.body_hash() : 0;
  StepSample sample{due, started, {}, false};
  ErrorClass error = ErrorClass::none;
  for (std::uint16_t number = 1;; ++number) {
    bool again = false;
    {
      if (step.operation) record_invoke(*vu, started, number, body);
      const bool simple = step.redirects == 0 && vu->cookies == nullptr;
      // Not one expression: GCC 12 mixes up the operands of a conditional that is awaited.
      Task<Attempt> sending =
          simple ? request.send(started, started + step.timeout) : send_and_follow(vu, index, &request, due, started);
      const Attempt attempt = co_await sending;
      error = judge_attempt(*vu, step, step.expect, attempt, attempt.ended - due);
      if (error == ErrorClass::none && !step.measures.empty()) {
        error = record_measures(*vu, index, due, Answer(attempt));
      }
      if (step.operation) record_completion(*vu, step, attempt, error);
      if (step.read && error == ErrorClass::none) record_read(*vu, step, attempt);
      sample.ended = attempt.ended;
      if (is_generator_limit(error)) break;
      record_attempt(*vu, index, due, attempt, error);
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
  if (is_generator_limit(error)) {
    // No sample: the system was not asked. The iteration counts as an arrival that was not sent.
    record_error(*vu, index, due, error);
  } else {
    record_step(*vu, index, sample);
  }
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
    keep_cookies(*vu, attempt, step);
    ErrorClass held = judge_attempt(*vu, step, step.until, attempt, ended - since);
    if (held == ErrorClass::none && !step.measures.empty()) held = record_measures(*vu, index, since, Answer(attempt));
    // An answer that does not hold the condition yet is what polls are for; no answer is an error.
    if (!is_generator_limit(attempt.error)) record_poll_request(*vu, index, attempt, attempt.error);
    if (step.read && held == ErrorClass::none) record_read(*vu, step, attempt);
    if (held == ErrorClass::none || held == ErrorClass::capture || held == ErrorClass::interrupted ||
        is_generator_limit(held)) {
      error = held;
    }
    if (error != ErrorClass::timeout) break;
  }
  if (error != ErrorClass::none) record_error(*vu, index, since, error);
  if (!is_generator_limit(error)) record_poll(*vu, index, since, ended, error == ErrorClass::none);
  co_return StepEnd{outcome_of(error), ended};
}

}  // namespace tidegate::loadgen
