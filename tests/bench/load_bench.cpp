// Plays one URL with the load engine and prints what it reached, for side-by-side runs with other load generators:
//
//   load-bench URL (--vus N | --rate N) --seconds N [--loops N] [--method M] [--body TEXT]
//
// Full metrics are on, written to a series file in a temporary directory, as in a run.

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <map>
#include <string>
#include <thread>

#include <fmt/format.h>
#include <unistd.h>

#include "base/units.hpp"
#include "loadgen/engine.hpp"

namespace {

using namespace tidegate;

int fail(const Error& error) {
  std::cerr << "load-bench: " << error.message << "\n";
  return 1;
}

std::map<std::string, std::string> options_of(int argc, char** argv) {
  std::map<std::string, std::string> options;
  for (int i = 2; i + 1 < argc; i += 2) options[argv[i]] = argv[i + 1];
  return options;
}

loadgen::UrlLoad load_of(const std::string& url, std::map<std::string, std::string>& options) {
  loadgen::UrlLoad load;
  load.url = url;
  load.duration = std::chrono::seconds(std::atoi(options["--seconds"].c_str()));
  if (options.contains("--vus")) load.vus = static_cast<std::uint32_t>(std::atoi(options["--vus"].c_str()));
  if (options.contains("--rate")) load.rate = std::atof(options["--rate"].c_str());
  if (options.contains("--method")) load.method = options["--method"];
  load.body = options["--body"];
  return load;
}

Result<void> play(loadgen::Engine& engine, record::SeriesWriter& series, Nanoseconds duration) {
  if (auto started = engine.start(RunClock::starting_in(Nanoseconds{0})); !started) return started;
  const Nanoseconds begun = monotonic_now();
  std::uint64_t requests = 0, errors = 0;
  while (!engine.finished()) {
    std::this_thread::sleep_for(std::chrono::seconds(1));
    const auto [operations, progress] = engine.swap();
    requests += progress.requests;
    errors += progress.errors;
    if (auto flushed = series.flush(); !flushed) return flushed;
    fmt::print("{:8.0f}/s  p50 {}  p99 {}  lateness p99 {}  errors {}  dropped {}  late {}  vus {}\n",
               progress.request_rate, format_duration(progress.p50), format_duration(progress.p99),
               format_duration(progress.lateness_p99), progress.errors, progress.dropped, progress.late, progress.vus);
    if (monotonic_now() - begun > duration + std::chrono::seconds(60)) break;
  }
  engine.stop(std::chrono::seconds(1));
  const auto last = engine.swap().progress;
  fmt::print("total {} requests, {} errors, {:.0f} requests/s, {:.2f} us of CPU each\n", requests + last.requests,
             errors + last.errors, static_cast<double>(requests + last.requests) / to_seconds(duration),
             to_seconds(process_cpu_time()) * 1e6 / static_cast<double>(requests + last.requests));
  return {};
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) return fail(usage_error("name the URL"));
  auto options = options_of(argc, argv);
  const auto load = load_of(argv[1], options);
  auto plan = loadgen::make_url_plan(load);
  if (!plan) return fail(plan.error());
  const std::string file =
      (std::filesystem::temp_directory_path() / fmt::format("load-bench-{}.tgs", ::getpid())).string();
  auto series = record::SeriesWriter::create(file);
  if (!series) return fail(series.error());
  loadgen::EngineOptions engine_options;
  engine_options.base_url = load.url;
  engine_options.series = series->get();
  if (options.contains("--loops")) engine_options.loops = std::atoi(options["--loops"].c_str());
  auto engine = loadgen::Engine::create(*plan, engine_options);
  if (!engine) return fail(engine.error());
  const auto played = play(**engine, **series, load.duration);
  std::filesystem::remove(file);
  return played ? 0 : fail(played.error());
}
