#pragma once
// What a virtual user's events add to the loop's metrics and to the operation history.

#include "loadgen/exchange.hpp"
#include "loadgen/judge.hpp"
#include "loadgen/vu.hpp"

namespace tidegate::loadgen {

/// A request step that ended, with all its attempts.
struct StepSample {
  Nanoseconds due{0};            ///< intended start
  Nanoseconds first_started{0};  ///< actual start of the first attempt
  Nanoseconds ended{0};
  bool expected = false;
};

/// One request. `due` decides the second.
void record_attempt(Vu& vu, std::uint32_t step, Nanoseconds due, const Attempt& attempt, ErrorClass error);
void record_step(Vu& vu, std::uint32_t step, const StepSample& sample);
/// A poll: from `since` until it held, or failed.
void record_poll(Vu& vu, std::uint32_t step, Nanoseconds since, Nanoseconds ended, bool expected);
/// One request of a poll.
void record_poll_request(Vu& vu, std::uint32_t step, const Attempt& attempt, ErrorClass error);
/// What the step measures in the answer: none, or capture when a value is not there, or no number of 0 or more.
ErrorClass record_measures(Vu& vu, std::uint32_t step, Nanoseconds due, const Answer& answer);
/// Something failed without a request.
void record_error(Vu& vu, std::uint32_t step, Nanoseconds due, ErrorClass error);
void record_start(Vu& vu, Nanoseconds started);
void record_iteration(Vu& vu, Nanoseconds ended, IterationOutcome outcome);

/// Says what the invocations that follow belong to; false when a slot has no value.
bool describe_operation(Vu& vu, const Step& step, std::uint16_t step_index);
/// `body`: record::body_hash of what is sent.
void record_invoke(Vu& vu, Nanoseconds time, std::uint16_t attempt, std::uint32_t body);
/// The completion of the invocation before. `error` is what became of the attempt.
void record_completion(Vu& vu, const Step& step, const Attempt& attempt, ErrorClass error);

/// What the answer of a step marked as a read showed; nothing when a slot has no value.
void record_read(Vu& vu, const Step& step, const Attempt& attempt);

/// What the status of an answer (0: none) says about an operation whose request was, or was not, sent.
record::OperationEvent operation_outcome(int status, bool sent) noexcept;

}  // namespace tidegate::loadgen
