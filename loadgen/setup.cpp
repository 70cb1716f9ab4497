#include "loadgen/setup.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/http/message.hpp"
#include "loadgen/judge.hpp"
#include "loadgen/loop.hpp"
#include "loadgen/render.hpp"

namespace tidegate::loadgen {
namespace {

constexpr std::uint64_t kSideBySide = 16;
constexpr std::size_t kShownBody = 200;
constexpr auto kInterruptEvery = std::chrono::milliseconds(50);

/// What the workers of one step share. They run on one thread.
struct StepRun {
  Runtime& runtime;
  const SetupStep& step;
  Loop& loop;
  Nanoseconds deadline{0};  ///< on the loop's clock
  std::uint64_t rows = 1;
  std::uint64_t next_row = 0;
  std::uint64_t workers = 0;
  std::optional<Error> failure;
};

std::string place_of(const StepRun& run, std::uint64_t row) {
  std::string place = run.step.kind + " step '" + run.step.name + "'";
  if (run.step.for_each) {
    const Feeder& feeder = run.runtime.plan.feeders[*run.step.for_each];
    place += fmt::format(", row {} of {}", row + 1, feeder.name);
  }
  return place;
}

std::string shown(const std::string& body) {
  if (body.empty()) return "an empty body";
  return body.size() <= kShownBody ? body : body.substr(0, kShownBody) + "...";
}

RenderScope scope_of(const StepRun& run, std::uint64_t row, std::vector<Row>& rows) {
  rows.assign(run.runtime.plan.feeders.size(), Row{});
  if (run.step.for_each) rows[*run.step.for_each].index = row;
  return {run.runtime.plan, run.runtime.setup, nullptr, row, rows, {}, unix_now().count() / 1'000'000, 0, nullptr};
}

/// Puts what the answer holds into columns or variables.
Result<void> keep(StepRun& run, std::uint64_t row, const Answer& answer) {
  SetupData& setup = run.runtime.setup;
  for (const Capture& capture : run.step.captures) {
    auto value = capture_value(capture, answer);
    if (!value) {
      return protocol_error(fmt::format("{}: the answer holds no {} to capture as '{}': {}", place_of(run, row),
                                        capture.text(), capture.name, shown(std::string(answer.body))));
    }
    if (run.step.for_each) {
      setup.column(run.runtime.plan, *run.step.for_each, row, capture.variable) = *std::move(value);
    } else {
      setup.variables[capture.variable] = *std::move(value);
    }
  }
  return {};
}

Result<void> accept(StepRun& run, std::uint64_t row, const Attempt& attempt, const RenderScope& scope) {
  if (attempt.error != ErrorClass::none) {
    return Error{attempt.error == ErrorClass::timeout ? Error::Kind::timeout : Error::Kind::protocol,
                 fmt::format("{}: no answer: {}", place_of(run, row), to_string(attempt.error))};
  }
  const Answer answer(attempt);
  switch (judge(run.step.expect, scope, answer, attempt.ended - attempt.started)) {
    case ErrorClass::none:
      return keep(run, row, answer);
    case ErrorClass::status:
      return protocol_error(fmt::format("{}: the answer was {} {}: {}", place_of(run, row), answer.status,
                                        http::reason_phrase(answer.status), shown(std::string(answer.body))));
    default:
      return protocol_error(fmt::format("{}: the answer is not what the step expects: {}", place_of(run, row),
                                        shown(std::string(answer.body))));
  }
}

Task<Result<void>> send_row(StepRun* run, Vu* vu, std::uint64_t row) {
  std::vector<Row> rows;
  const RenderScope scope = scope_of(*run, row, rows);
  const RequestSpec& spec = run->step.request;
  const Nanoseconds started = run->loop.now();
  const Nanoseconds deadline = std::min(started + run->step.timeout, run->deadline);
  if (deadline <= started) co_return timeout_error(place_of(*run, row) + ": the " + run->step.kind + " took too long");
  Transport* other = run->loop.transport(spec.protocol);
  std::string body, bytes;
  RenderedRequest parts;
  const bool whole = other != nullptr ? render_parts(scope, spec, parts) : render_request(scope, spec, body, bytes);
  if (!whole) {
    co_return usage_error(place_of(*run, row) + ": a value that it needs was not captured by an earlier step");
  }
  Task<Attempt> exchanged = other != nullptr
                                ? other->exchange(vu, {&spec, std::move(parts), &run->step.expect, started, deadline})
                                : exchange(vu, {bytes, started, deadline, spec.method == "HEAD", true});
  const Attempt attempt = co_await exchanged;
  co_return accept(*run, row, attempt, scope);
}

Task<void> send_rows(StepRun* run, Vu* vu) {
  while (run->next_row < run->rows && !run->failure) {
    const std::uint64_t row = run->next_row++;
    const auto sent = co_await send_row(run, vu, row);
    if (!sent && !run->failure) run->failure = sent.error();
  }
  --run->workers;
}

Result<void> run_step(Runtime& runtime, const SetupStep& step, const SetupOptions& options, Loop& loop,
                      Nanoseconds deadline) {
  static const Block kNoBlock;
  StepRun run{runtime, step, loop, deadline, 1, 0, 0, std::nullopt};
  if (step.for_each) run.rows = runtime.plan.feeders[*step.for_each].table->rows();
  run.workers = std::min(run.rows, kSideBySide);
  std::vector<std::unique_ptr<Vu>> users;
  for (std::uint64_t i = run.workers; i > 0; --i) {
    users.push_back(std::make_unique<Vu>(loop, kNoBlock));
    users.back()->life = send_rows(&run, users.back().get());
    users.back()->life.start();
  }
  while (run.workers > 0) {
    loop.run_round(kInterruptEvery);
    if (options.interrupted && options.interrupted()) {
      return closed_error("interrupted during " + step.kind + " step '" + step.name + "'");
    }
  }
  if (run.failure) return *run.failure;
  return {};
}

Result<void> run_steps(Runtime& runtime, const std::vector<SetupStep>& steps, const SetupOptions& options) {
  if (steps.empty()) return {};
  auto loop = Loop::create_bare(runtime);
  if (!loop) return loop.error();
  const Nanoseconds deadline = (*loop)->now() + options.limit;
  for (const SetupStep& step : steps) {
    if (auto done = run_step(runtime, step, options, **loop, deadline); !done) return done;
  }
  return {};
}

}  // namespace

Result<void> run_setup_steps(Runtime& runtime, const SetupOptions& options) {
  return run_steps(runtime, runtime.plan.setup, options);
}

Result<void> run_teardown_steps(Runtime& runtime, const SetupOptions& options) {
  return run_steps(runtime, runtime.plan.teardown, options);
}

}  // namespace tidegate::loadgen
