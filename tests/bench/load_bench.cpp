// Plays load with the engine and prints what it reached as JSON, for side-by-side runs with other load generators:
//
//   load-bench URL (--vus N | --rate N | --plan FILE) [--seconds N] [--loops N] [--max-vus N] [--method M] [--body
//   TEXT]
//
// A plan is a YAML file with the scenario language's `flows`, `load` and `data`. Full metrics are on, written to a
// series file in a temporary directory, as in a run. `memory_kib` is what the process holds: when load began, after a
// minute (or half-way), and at the end.

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <string>
#include <thread>

#include <fmt/format.h>
#include <unistd.h>

#include "base/units.hpp"
#include "base/yaml.hpp"
#include "loadgen/engine.hpp"
#include "record/metrics.hpp"

namespace {

using namespace tidegate;

int fail(const Error& error) {
  std::cerr << "load-bench: " << error.message << "\n";
  return 1;
}

using Options = std::map<std::string, std::string>;

Options options_of(int argc, char** argv) {
  Options options;
  for (int i = 2; i + 1 < argc; i += 2) options[argv[i]] = argv[i + 1];
  return options;
}

Result<loadgen::Plan> plan_of(const std::string& url, Options& options) {
  if (options.contains("--plan")) {
    Diagnostics diagnostics;
    const yaml::Node root = yaml::load(options["--plan"], diagnostics);
    loadgen::PlanInput input;
    input.load = root.find("load");
    input.flows = root.find("flows");
    input.data = root.find("data");
    auto plan = diagnostics.empty() ? loadgen::compile(input, diagnostics) : nullptr;
    if (!plan) return diagnostics.to_error();
    return *std::move(plan);
  }
  loadgen::UrlLoad load;
  load.url = url;
  load.duration = std::chrono::seconds(std::atoi(options["--seconds"].c_str()));
  if (options.contains("--vus")) load.vus = static_cast<std::uint32_t>(std::atoi(options["--vus"].c_str()));
  if (options.contains("--rate")) load.rate = std::atof(options["--rate"].c_str());
  if (options.contains("--max-vus")) load.max_vus = static_cast<std::uint32_t>(std::atoi(options["--max-vus"].c_str()));
  if (options.contains("--method")) load.method = options["--method"];
  load.body = options["--body"];
  return loadgen::make_url_plan(load);
}

/// In KiB.
long memory_now() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmRSS:")) return std::atol(line.c_str() + 6);
  }
  return 0;
}

/// Sums over the run, and the state of memory along it.
struct Totals {
  std::uint64_t requests = 0, errors = 0, dropped = 0, late = 0, iterations = 0, most_vus = 0;
  Nanoseconds took{0};
  long memory_begun = 0, memory_settled = 0, memory_ended = 0;

  void add(const loadgen::Progress& progress) {
    requests += progress.requests;
    errors += progress.errors;
    dropped += progress.dropped;
    late += progress.late;
    iterations = progress.iterations_done;
    most_vus = std::max(most_vus, progress.vus);
  }
};

Result<Totals> play(loadgen::Engine& engine, record::SeriesWriter& series) {
  const Nanoseconds planned = engine.plan().duration();
  const Nanoseconds settled_at = std::min(Nanoseconds(std::chrono::minutes(1)), planned / 2);
  Totals totals;
  const Nanoseconds begun = monotonic_now();
  if (auto started = engine.start(RunClock::starting_in(Nanoseconds{0})); !started) return started.error();
  while (!engine.finished() && monotonic_now() - begun < engine.plan().longest_duration()) {
    std::this_thread::sleep_for(std::chrono::seconds(1));
    totals.add(engine.swap());
    if (auto flushed = series.flush(); !flushed) return flushed.error();
    if (totals.memory_begun == 0) totals.memory_begun = memory_now();
    if (totals.memory_settled == 0 && monotonic_now() - begun >= settled_at) totals.memory_settled = memory_now();
  }
  totals.took = monotonic_now() - begun;
  totals.memory_ended = memory_now();
  engine.stop(std::chrono::seconds(1));
  totals.add(engine.swap());
  if (auto flushed = series.flush(); !flushed) return flushed.error();
  return totals;
}

Histogram merged(const record::SeriesSet& series, std::string_view metric) {
  Histogram all;
  const auto [from, to] = series.range();
  for (const record::Series* each : series.find(metric)) all.merge(each->merged(from, to));
  return all;
}

void print(const Totals& totals, const record::SeriesSet& series, Nanoseconds planned) {
  const Histogram times = merged(series, record::kResponseTime), lateness = merged(series, record::kScheduleLateness);
  // A closed loop's last second is cut off by its end, not by the clock of this loop.
  const double seconds = to_seconds(std::min(planned, totals.took));
  const auto requests = static_cast<double>(totals.requests);
  fmt::print(
      R"({{"requests": {}, "requests_per_s": {:.1f}, "iterations": {}, "errors": {}, "dropped": {}, "late": {}, )"
      R"("most_vus": {}, "p50_us": {}, "p90_us": {}, "p99_us": {}, "lateness_p50_us": {}, "lateness_p99_us": {}, )"
      R"("cpu_us_per_request": {:.3f}, "memory_kib": {{"begun": {}, "settled": {}, "ended": {}}}}})"
      "\n",
      totals.requests, requests / seconds, totals.iterations, totals.errors, totals.dropped, totals.late,
      totals.most_vus, times.value_at_percentile(50), times.value_at_percentile(90), times.value_at_percentile(99),
      lateness.value_at_percentile(50), lateness.value_at_percentile(99),
      to_seconds(process_cpu_time()) * 1e6 / std::max(requests, 1.0), totals.memory_begun, totals.memory_settled,
      totals.memory_ended);
}

Result<void> run(const std::string& url, Options& options, const std::string& file) {
  auto plan = plan_of(url, options);
  if (!plan) return plan.error();
  auto series = record::SeriesWriter::create(file);
  if (!series) return series.error();
  loadgen::EngineOptions engine_options;
  engine_options.base_url = url;
  engine_options.series = series->get();
  if (options.contains("--loops")) engine_options.loops = std::atoi(options["--loops"].c_str());
  auto engine = loadgen::Engine::create(*plan, engine_options);
  if (!engine) return engine.error();
  const auto totals = play(**engine, **series);
  if (!totals) return totals.error();
  engine->reset();  // its connections may be all the descriptors that there are
  auto read = record::read_series(file);
  if (!read) return read.error();
  print(*totals, *read, plan->duration());
  return {};
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) return fail(usage_error("name the URL"));
  auto options = options_of(argc, argv);
  const std::string file =
      (std::filesystem::temp_directory_path() / fmt::format("load-bench-{}.tgs", ::getpid())).string();
  const auto done = run(argv[1], options, file);
  std::filesystem::remove(file);
  return done ? 0 : fail(done.error());
}
