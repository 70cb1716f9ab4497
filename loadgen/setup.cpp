#include "loadgen/setup.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/assert.hpp"
#include "base/http/client.hpp"
#include "base/units.hpp"
#include "loadgen/judge.hpp"
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
  http::Client& client;
  Nanoseconds deadline{0};  ///< monotonic
  std::uint64_t rows = 1;
  std::uint64_t next_row = 0;
  std::uint64_t workers = 0;
  std::optional<Error> failure;
};

std::string place_of(const StepRun& run, std::uint64_t row) {
  std::string place = "set-up step '" + run.step.name + "'";
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
  return {run.runtime.plan, run.runtime.setup, nullptr, row, rows, {}, unix_now().count() / 1'000'000};
}

/// Puts what the answer holds into columns or variables.
Result<void> keep(StepRun& run, std::uint64_t row, const Answer& answer) {
  SetupData& setup = run.runtime.setup;
  for (const Capture& capture : run.step.captures) {
    auto value = capture_value(capture, answer);
    if (!value) {
      const std::string place = capture.path ? capture.path->text() : "header " + capture.header;
      return protocol_error(fmt::format("{}: the answer holds no {} to capture as '{}': {}", place_of(run, row), place,
                                        capture.name, shown(std::string(answer.body))));
    }
    if (run.step.for_each) {
      setup.column(run.runtime.plan, *run.step.for_each, row, capture.variable) = *std::move(value);
    } else {
      setup.variables[capture.variable] = *std::move(value);
    }
  }
  return {};
}

Result<void> accept(StepRun& run, std::uint64_t row, const http::Response& response, const RenderScope& scope,
                    Nanoseconds took) {
  const Answer answer(response);
  switch (judge(run.step.expect, scope, answer, took)) {
    case ErrorClass::none:
      return keep(run, row, answer);
    case ErrorClass::status:
      return protocol_error(fmt::format("{}: the answer was {} {}: {}", place_of(run, row), response.status,
                                        http::reason_phrase(response.status), shown(response.body)));
    default:
      return protocol_error(
          fmt::format("{}: the answer is not what the step expects: {}", place_of(run, row), shown(response.body)));
  }
}

asio::awaitable<Result<void>> send_row(StepRun* run, std::uint64_t row) {
  std::vector<Row> rows;
  const RenderScope scope = scope_of(*run, row, rows);
  RenderedRequest parts;
  if (!render_parts(scope, run->step.request, parts)) {
    co_return usage_error(place_of(*run, row) + ": a value that it needs was not captured by an earlier step");
  }
  const Nanoseconds started = monotonic_now();
  const Nanoseconds timeout = std::min(run->step.timeout, run->deadline - started);
  if (timeout.count() <= 0) co_return timeout_error(place_of(*run, row) + ": the set-up took too long");
  http::ClientRequest request{parts.method, parts.target, parts.headers, parts.body, parts.content_type};
  const auto response = co_await run->client.send(std::move(request), timeout);
  if (!response) co_return Error{response.error().kind, place_of(*run, row) + ": " + response.error().message};
  co_return accept(*run, row, *response, scope, monotonic_now() - started);
}

asio::awaitable<void> send_rows(StepRun* run, asio::io_context* context) {
  while (run->next_row < run->rows && !run->failure) {
    const std::uint64_t row = run->next_row++;
    const auto sent = co_await send_row(run, row);
    if (!sent && !run->failure) run->failure = sent.error();
  }
  if (--run->workers == 0) context->stop();  // idle connections would keep it running
}

/// Runs until the workers stop the context; false when interrupted.
bool run_until_done(asio::io_context& context, const std::function<bool()>& interrupted) {
  while (!context.stopped()) {
    context.run_for(kInterruptEvery);
    if (!context.stopped() && interrupted && interrupted()) return false;
  }
  return true;
}

Result<void> run_step(Runtime& runtime, const SetupStep& step, const SetupTarget& target, Nanoseconds deadline) {
  const auto port = parse_integer(target.port);
  TIDEGATE_ASSERT(port.ok());
  asio::io_context context(1);
  http::ClientOptions options;
  options.max_connections = kSideBySide;
  http::Client client(context.get_executor(), target.host, static_cast<std::uint16_t>(*port), options);
  StepRun run{runtime, step, client, deadline, 1, 0, 0, std::nullopt};
  if (step.for_each) run.rows = runtime.plan.feeders[*step.for_each].table->rows();
  run.workers = std::min(run.rows, kSideBySide);
  for (std::uint64_t i = 0; i < run.workers; ++i) {
    asio::co_spawn(context, send_rows(&run, &context), asio::detached);  // run_until_done returns when all have ended
  }
  const bool done = run_until_done(context, target.interrupted);
  client.stop();
  if (!done) return closed_error("interrupted during set-up step '" + step.name + "'");
  if (run.failure) return *run.failure;
  return {};
}

}  // namespace

Result<void> run_setup_steps(Runtime& runtime, const SetupTarget& target) {
  const Nanoseconds deadline = monotonic_now() + target.limit;
  for (const SetupStep& step : runtime.plan.setup) {
    if (auto done = run_step(runtime, step, target, deadline); !done) return done;
  }
  return {};
}

}  // namespace tidegate::loadgen
