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

/// The bytes of a step's request; empty when a slot has no value.
std::string_view request_bytes(Vu& vu, const Step& step, std::string& memory) {
  if (!step.request.prepared.empty()) return step.request.prepared;
  if (!vu.now_ms) vu.now_ms = vu.loop.runtime().clock.to_unix(vu.loop.now()).count() / 1'000'000;
  if (!render_request(vu.scope(), step.request, vu.loop.scratch(), memory)) return {};
  return memory;
}

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
ErrorClass judge_attempt(Vu& vu, const Step& step, const Expectation& expectation, const Attempt& attempt, Nanoseconds response_time) {
  if (attempt.error != ErrorClass::none) return attempt.error;
  const Answer answer(attempt.connection->parser);
  const ErrorClass error = judge(expectation, vu.scope(), answer, response_time);
  return error == ErrorClass::none ? take_captures(step.captures, answer, vu.captures) : error;
}

IterationOutcome outcome_of(ErrorClass error) {
  if (error == ErrorClass::none) return IterationOutcome::ok;
  return error == ErrorClass::interrupted ? IterationOutcome::interrupted : IterationOutcome::failed;
}

Task<StepEnd> play_request(Vu* vu, std::uint32_t index, Nanoseconds due, Nanoseconds started) {
  Loop& loop = vu->loop;
  const Step& step = vu->flow->steps[index];
  const TextLease text(loop);
  const std::string_view bytes = request_bytes(*vu, step, *text);
  if (bytes.empty() || (step.operation && !describe_operation(*vu, step, static_cast<std::uint16_t>(index)))) {
    record_error(*vu, index, due, unrenderable(*vu));
    co_return StepEnd{IterationOutcome::failed, loop.now()};
  }
  StepSample sample{due, started, {}, false};
  for (std::uint16_t number = 1;; ++number) {
    if (step.operation) record_invoke(*vu, started, number);
    const Attempt attempt = co_await exchange(
        vu, {bytes, started, started + step.timeout, step.request.method == "HEAD", step.reads_body()});
    const ErrorClass error = judge_attempt(*vu, step, step.expect, attempt, attempt.ended - due);
    if (step.operation) record_completion(*vu, step, attempt, error);
    record_attempt(*vu, index, due, attempt, error);
    const bool again = may_retry(step, attempt, error, sample.first_started);
    sample.ended = attempt.ended;
    sample.expected = error == ErrorClass::none;
    if (!again) {
      record_step(*vu, index, sample);
      co_return StepEnd{outcome_of(error), attempt.ended};
    }
    // The connection goes back before the pause.
    if (co_await pause_before_retry(vu, attempt.ended + step.retry->every)) continue;
    record_step(*vu, index, sample);
    co_return StepEnd{IterationOutcome::interrupted, loop.now()};
  }
}

}  // namespace
}  // namespace tidegate::loadgen
