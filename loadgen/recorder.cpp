#include "loadgen/recorder.hpp"

#include <cmath>

#include "base/random.hpp"
#include "base/units.hpp"
#include "loadgen/loop.hpp"

namespace tidegate::loadgen {
namespace {

constexpr Nanoseconds kLate = std::chrono::milliseconds(5);

/// Microseconds, rounded up: nothing takes no time.
std::uint64_t microseconds(Nanoseconds duration) {
  return duration.count() <= 0 ? 0 : static_cast<std::uint64_t>((duration.count() + 999) / 1000);
}

StepMetrics& step_metrics(Vu& vu, std::uint32_t step, Nanoseconds due) {
  return vu.loop.metrics_at(due).steps[vu.step_place + step];
}

void count_error(StepMetrics& metrics, ErrorClass error) {
  if (error == ErrorClass::none) return;
  ++metrics.failed;
  ++metrics.errors[static_cast<std::size_t>(error)];
}

void record_request(StepMetrics& metrics, BlockMetrics& block, const Attempt& attempt, ErrorClass error) {
  const bool expected = error == ErrorClass::none;
  metrics.count_request(attempt.status(), expected);
  count_error(metrics, error);
  if (attempt.connected) {
    metrics.blocked.record(microseconds(attempt.sending - attempt.started));
    metrics.connecting.record(microseconds(attempt.connected_at - attempt.connecting));
    if (attempt.sending > attempt.connected_at) {
      metrics.tls_handshaking.record(microseconds(attempt.sending - attempt.connected_at));
    }
  }
  metrics.duration[expected].record(microseconds(attempt.ended - attempt.sending));
  if (attempt.error == ErrorClass::none) {
    metrics.sending.record(microseconds(attempt.sent_at - attempt.sending));
    metrics.waiting[expected].record(microseconds(attempt.first_byte - attempt.sent_at));
    if (attempt.first_byte == attempt.ended) {
      ++metrics.received_at_once;
    } else {
      metrics.receiving.record(microseconds(attempt.ended - attempt.first_byte));
    }
  }
  block.sent += attempt.bytes_sent;
  block.received += attempt.bytes_received;
}

void keep_sample(Vu& vu, std::uint32_t step, Nanoseconds due, const Attempt& attempt, ErrorClass error) {
  if (!vu.loop.runtime().keep_samples) return;
  Sample sample;
  sample.step = vu.step_place + step;
  sample.status = static_cast<std::uint16_t>(attempt.status());
  sample.error = error;
  sample.connected = attempt.connected;
  sample.due = due;
  sample.started = attempt.started;
  sample.connected_at = attempt.connected_at;
  sample.sending = attempt.sending;
  sample.sent_at = attempt.sent_at;
  sample.first_byte = attempt.first_byte;
  sample.ended = attempt.ended;
  sample.bytes_sent = attempt.bytes_sent;
  sample.bytes_received = attempt.bytes_received;
  vu.loop.samples().push_back(sample);
}

/// Renders parts of one step, each into the memory of the one before.
class Parts {
 public:
  explicit Parts(Vu& vu) : scope_(vu.scope()), text_(vu.loop.scratch()) {}
  std::string_view operator()(const Template& part) {
    if (const auto known = known_text(scope_, part)) return *known;
    text_.clear();
    whole = render(scope_, part, text_) && whole;
    return text_;
  }
  bool whole = true;

 private:
  RenderScope scope_;
  std::string& text_;
};

}  // namespace

void record_attempt(Vu& vu, std::uint32_t step, Nanoseconds due, const Attempt& attempt, ErrorClass error) {
  SecondMetrics& second = vu.loop.metrics_at(due);
  record_request(second.steps[vu.step_place + step], second.blocks[vu.block.index], attempt, error);
  keep_sample(vu, step, due, attempt, error);
}

void record_step(Vu& vu, std::uint32_t step, const StepSample& sample) {
  StepMetrics& metrics = step_metrics(vu, step, sample.due);
  metrics.response_time[sample.expected].record(microseconds(sample.ended - sample.due));
  metrics.from_send[sample.expected].record(microseconds(sample.ended - sample.first_started));
}

void record_poll(Vu& vu, std::uint32_t step, Nanoseconds since, Nanoseconds ended, bool expected) {
  step_metrics(vu, step, since).poll[expected].record(microseconds(ended - since));
}

void record_poll_request(Vu& vu, std::uint32_t step, const Attempt& attempt, ErrorClass error) {
  SecondMetrics& second = vu.loop.metrics_at(attempt.started);
  ++second.steps[vu.step_place + step].polls;
  keep_sample(vu, step, attempt.started, attempt, error);
  record_request(second.steps[vu.step_place + step], second.blocks[vu.block.index], attempt, error);
}

ErrorClass record_measures(Vu& vu, std::uint32_t step, Nanoseconds due, const Answer& answer) {
  const std::vector<Measure>& measures = vu.flow->steps[step].measures;
  for (std::size_t i = 0; i < measures.size(); ++i) {
    const auto found = capture_value(measures[i].value, answer);
    const auto number = found ? parse_number(found->text) : Result<double>(usage_error(""));
    if (!number || !(*number >= 0) || *number * measures[i].scale > 1e18) return ErrorClass::capture;
    step_metrics(vu, step, due)
        .measures[i]
        .record(static_cast<std::uint64_t>(std::llround(*number * measures[i].scale)));
  }
  return ErrorClass::none;
}

void record_error(Vu& vu, std::uint32_t step, Nanoseconds due, ErrorClass error) {
  ++step_metrics(vu, step, due).errors[static_cast<std::size_t>(error)];
}

void record_start(Vu& vu, Nanoseconds started) {
  if (!vu.block.open_loop()) return;  // a closed loop has no schedule to be late for
  SecondMetrics& second = vu.loop.metrics_at(vu.due);
  second.blocks[vu.block.index].lateness.record(microseconds(started - vu.due));
  if (started - vu.due > kLate) ++second.flows[vu.flow_place].late;
}

void record_iteration(Vu& vu, Nanoseconds ended, IterationOutcome outcome) {
  FlowMetrics& metrics = vu.loop.metrics_at(vu.due).flows[vu.flow_place];
  if (outcome == IterationOutcome::unsent) {
    ++metrics.dropped;
    return;
  }
  metrics.duration.record(microseconds(ended - vu.due));
  ++metrics.iterations[static_cast<std::size_t>(outcome)];
}

bool describe_operation(Vu& vu, const Step& step, std::uint16_t step_index) {
  const OperationMark& mark = *step.operation;
  OperationDescription operation;
  operation.mark = &mark;
  operation.block = static_cast<std::uint16_t>(vu.block.index);
  operation.step = step_index;
  operation.iteration = vu.iteration;
  for (const std::uint32_t feeder : mark.key_feeders) operation.repeat = operation.repeat || vu.rows[feeder].repeat;
  Parts part(vu);
  operation.scope = mark.scope.constant() ? mark.same.scope : stable_hash(part(mark.scope));
  if (const auto amount = parse_integer(part(mark.amount))) operation.amount = *amount;
  const std::string currency(part(mark.currency));  // the next part takes the memory
  operation.currency = currency;
  operation.key = part(mark.key);
  if (part.whole) vu.loop.operations().describe(vu.operation_player(), operation);
  return part.whole;
}

void record_invoke(Vu& vu, Nanoseconds time, std::uint16_t attempt, std::uint32_t body) {
  vu.loop.operations().invoke(vu.operation_player(), time, attempt, body);
}

void record_completion(Vu& vu, const Step& step, const Attempt& attempt, ErrorClass error) {
  std::string_view id;
  for (const Capture& capture : step.captures) {
    const Value& value = vu.captures[capture.variable];
    if (error == ErrorClass::none && capture.name == "id" && value.set) id = value.text;
  }
  vu.loop.operations().complete(vu.operation_player(), attempt.ended, operation_outcome(attempt.status(), attempt.sent),
                                static_cast<std::uint16_t>(attempt.status()), id);
}

void record_read(Vu& vu, const Step& step, const Attempt& attempt) {
  record::Operation read;
  read.time = attempt.ended;
  read.event = record::OperationEvent::read;
  read.block = static_cast<std::uint16_t>(vu.block.index);
  read.iteration = vu.iteration;
  read.status = static_cast<std::uint16_t>(attempt.status());
  read.amount = (attempt.ended - attempt.started).count();
  read.set_kind("read");
  Parts part(vu);
  read.set_id(part(step.read->id));
  read.set_key(part(step.read->state));
  if (part.whole) vu.loop.operations().add(read);
}

record::OperationEvent operation_outcome(int status, bool sent) noexcept {
  using record::OperationEvent;
  if (status == 0) return sent ? OperationEvent::unknown : OperationEvent::fail;
  if (status >= 200 && status < 300) return OperationEvent::ok;
  const bool open_meaning = status == 408 || status == 409 || status == 425 || status == 429;
  return status >= 400 && status < 500 && !open_meaning ? OperationEvent::fail : OperationEvent::unknown;
}

}  // namespace tidegate::loadgen
