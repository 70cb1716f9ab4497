#include "tests/unit/loadgen/played.hpp"

#include <stdlib.h>
#include <unistd.h>

#include <cstdio>
#include <thread>

#include "loadgen/arrivals.hpp"
#include "loadgen/compiled.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/loadgen/sections_text.hpp"

namespace tidegate::loadgen {
namespace {

bool carries(const record::Series& series, const Played::Wanted& tags) {
  for (const auto& [key, value] : tags) {
    const std::string* found = series.key.tag(key);
    if (found == nullptr || *found != value) return false;
  }
  return true;
}

std::string temporary_file() {
  char pattern[] = "/tmp/tidegate-loadgen-series-XXXXXX";
  const int descriptor = ::mkstemp(pattern);
  REQUIRE(descriptor >= 0);
  ::close(descriptor);
  return pattern;
}

void keep_schedule(Played& played, const Engine& engine) {
  const CompiledPlan& plan = engine.plan().compiled();
  const Block& block = plan.blocks.front();
  ArrivalSequence arrivals(block.curve, block.spacing, plan.seed, block.stream);
  while (const auto arrival = arrivals.next()) {
    const auto request = engine.render(0, arrival->index, 0);
    REQUIRE(request.ok());
    played.targets.push_back(request->target);
    played.intended.push_back(arrival->time);
  }
}

}  // namespace

double Played::count(std::string_view metric, const Wanted& tags, std::int32_t from, std::int32_t to) const {
  double sum = 0;
  for (const record::Series* each : series.find(metric)) {
    if (carries(*each, tags)) sum += each->sum(from, to);
  }
  return sum;
}

Histogram Played::histogram(std::string_view metric, const Wanted& tags) const {
  Histogram merged;
  for (const record::Series* each : series.find(metric)) {
    if (carries(*each, tags)) merged.merge(each->merged(-1000, 1000));
  }
  return merged;
}

Played play(const std::string& sections, const std::string& url, const PlayOptions& options) {
  const Compiled compiled = compile_text(with_defaults(sections), options.seed, options.segment);
  INFO(compiled.messages);
  REQUIRE(compiled.plan);
  const std::string file = temporary_file();
  auto writer = record::SeriesWriter::create(file);
  REQUIRE(writer.ok());
  EngineOptions engine_options;
  engine_options.base_url = url;
  engine_options.loops = options.loops;
  engine_options.stack = {{"operator_token", "s3cret"}};
  engine_options.series = writer->get();
  engine_options.memory_left = options.memory_left;
  engine_options.resolve = options.resolve;
  engine_options.transport.dns_refresh = options.dns_refresh;
  engine_options.spin = options.spin;
  auto engine = Engine::create(*compiled.plan, engine_options);
  INFO((engine.ok() ? std::string() : engine.error().message));
  REQUIRE(engine.ok());
  const auto set_up = (*engine)->run_setup();
  INFO((set_up.ok() ? std::string() : set_up.error().message));
  REQUIRE(set_up.ok());
  if (options.before_start) options.before_start();
  Played played;
  if (options.keep_schedule) keep_schedule(played, **engine);
  played.clock = RunClock::starting_in(Nanoseconds{0});
  REQUIRE((*engine)->start(played.clock).ok());

  for (const record::PlannedLoad& load : compiled.plan->planned()) played.planned_iterations += load.planned_iterations;
  const auto take = [&] {
    (*engine)->take_operations([&](std::span<const record::Operation> part) {
      played.operations.insert(played.operations.end(), part.begin(), part.end());
    });
    played.last = (*engine)->swap();
  };
  const Nanoseconds begun = monotonic_now();
  const Nanoseconds limit = options.stop_at_once ? options.stop_after : Nanoseconds(std::chrono::seconds(60));
  while (!(*engine)->finished() && monotonic_now() - begun < limit) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));  // an event with a deadline: the plan's end
    take();
    if (options.while_playing) options.while_playing();
  }
  played.finished = (*engine)->finished();
  (*engine)->stop(options.grace);
  take();
  REQUIRE((*writer)->flush().ok());
  auto series = record::read_series(file);
  std::remove(file.c_str());
  REQUIRE(series.ok());
  played.series = *std::move(series);
  return played;
}

}  // namespace tidegate::loadgen
