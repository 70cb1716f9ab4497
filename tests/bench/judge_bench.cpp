// Goal: how long judging a one-hour run takes, and in how much memory: 200 series of which 40 are gated, 30 gates.
// Method: writes such a run directory, then judges it in a fresh process each time and prints seconds and peak memory.
//
//   build/release/bin/judge-bench DIRECTORY [REPETITIONS]

#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "base/random.hpp"
#include "record/events.hpp"
#include "record/series.hpp"
#include "runner/judge.hpp"

using namespace tidegate;

namespace {

constexpr int kSeconds = 3600;
constexpr int kSteps = 20;  // times from the schedule and from the send: 40 gated histograms
constexpr int kGates = 30;
constexpr int kOtherTimes = 40;    // histograms that nobody gates
constexpr int kRequestsEach = 50;  // a second and step: 1,000/s in all

std::string step_name(int i) {
  return fmt::format("step_{}", i);
}

std::string scenario() {
  std::string text = "name: hour\ngates:\n";
  for (int i = 0; i < kGates; ++i) {
    const char* windows[] = {"", ", during: [first, second]", ", during: '10m..50m'"};
    text += fmt::format("  g{}: {{expect: 'p{}(response_time{{name={}}}) < {}ms'{}}}\n", i, i % 2 ? "99" : "99.9",
                        step_name(i % kSteps), 200 + 10 * (i % 3), windows[i % 3]);
  }
  return text;
}

record::RunInfo info() {
  record::RunInfo run;
  run.name = "hour";
  run.finished = true;
  run.scenario = scenario();
  run.phases = {{"first", 0, kSeconds / 2, true}, {"second", kSeconds / 2, kSeconds, true}};
  record::PlannedLoad load;
  load.block = "users";
  load.executor = "constant-arrival-rate";
  load.flows = {{"flow", 1.0}};
  std::vector<std::string> steps;
  for (int i = 0; i < kSteps; ++i) steps.push_back(step_name(i));
  load.steps = {{"flow", steps}};
  for (int second = 0; second < kSeconds; ++second) load.rate.emplace_back(second, kRequestsEach);
  run.load = {load};
  return run;
}

void write_series(const std::string& path) {
  auto writer = std::move(*record::SeriesWriter::create(path));
  std::vector<record::SeriesId> times, numbers;
  const auto intern = [&](std::string metric, record::Tags tags, record::SeriesKind kind) {
    return writer->intern({std::move(metric), std::move(tags), kind, "us"});
  };
  for (int i = 0; i < kSteps; ++i) {
    const record::Tags tags = {{"block", "users"}, {"expected", "true"}, {"flow", "flow"}, {"name", step_name(i)}};
    times.push_back(intern("response_time", tags, record::SeriesKind::histogram));
    times.push_back(intern("response_time_from_send", tags, record::SeriesKind::histogram));
  }
  for (int i = 0; i < kOtherTimes; ++i) {
    times.push_back(intern("http_req_duration", {{"name", fmt::format("other_{}", i)}}, record::SeriesKind::histogram));
  }
  while (times.size() + numbers.size() < 195) {
    numbers.push_back(
        intern("process_cpu", {{"process", fmt::format("p{}", numbers.size())}}, record::SeriesKind::gauge));
  }
  const record::Tags flow = {{"block", "users"}, {"flow", "flow"}};
  const auto scheduled = intern("scheduled_iterations", flow, record::SeriesKind::counter);
  const auto done =
      intern("iterations", {{"block", "users"}, {"flow", "flow"}, {"outcome", "ok"}}, record::SeriesKind::counter);
  const auto requests =
      intern("http_reqs", {{"block", "users"}, {"expected", "true"}, {"flow", "flow"}}, record::SeriesKind::counter);
  const auto cpu = intern("generator_cpu", {{"loop", "0"}}, record::SeriesKind::gauge);
  const auto wait = intern("generator_run_queue_wait", {{"loop", "0"}}, record::SeriesKind::gauge);
  for (int second = 0; second < kSeconds; ++second) {
    Draws draws(20241129, 1, static_cast<std::uint64_t>(second));
    for (const auto id : times) {
      Histogram histogram;
      for (int i = 0; i < kRequestsEach; ++i) {
        histogram.record(static_cast<std::uint64_t>(5000 * std::exp(2.2 * draws.uniform())));
      }
      writer->merge(second, id, histogram);
    }
    for (const auto id : numbers) writer->set(second, id, draws.uniform());
    writer->add(second, scheduled, kRequestsEach);
    writer->add(second, done, kRequestsEach);
    writer->add(second, requests, kSteps * kRequestsEach);
    writer->set(second, cpu, 0.3);
    writer->set(second, wait, 0.01);
    if (!writer->flush()) std::abort();
  }
}

void write_run(const std::string& path) {
  auto directory = *record::RunDirectory::create(path);
  if (!directory.write_info(info())) std::abort();
  auto events = std::move(*record::EventWriter::create(directory.events()));
  (void)events->write(Nanoseconds{0}, "load_started");
  (void)events->write(std::chrono::seconds(kSeconds), "run_ended");
  write_series(directory.series());
}

int judge_once(const std::string& path) {
  const Nanoseconds before = monotonic_now();
  auto verdict = runner::judge_directory(*record::RunDirectory::open(path));
  if (!verdict) {
    std::fprintf(stderr, "%s\n", verdict.error().message.c_str());
    return 1;
  }
  const double seconds = to_seconds(monotonic_now() - before);
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  fmt::print("{}: {} judgements in {:.2f} s, peak {} MB\n", record::verdict_word(*verdict), verdict->gates.size(),
             seconds, usage.ru_maxrss / 1024);
  return 0;
}

}  // namespace

int main(int count, char** arguments) {
  if (count < 2) {
    std::fprintf(stderr, "usage: judge-bench DIRECTORY [REPETITIONS]\n");
    return 2;
  }
  const std::string path = arguments[1];
  if (std::getenv("TIDEGATE_JUDGE_ONCE") != nullptr) return judge_once(path);
  if (!std::filesystem::exists(path + "/run.json")) write_run(path);
  fmt::print("series.tgs: {} MB\n", std::filesystem::file_size(path + "/series.tgs") >> 20);
  std::fflush(stdout);
  const int repetitions = count > 2 ? std::atoi(arguments[2]) : 5;
  for (int i = 0; i < repetitions; ++i) {
    const pid_t child = fork();
    if (child == 0) {
      setenv("TIDEGATE_JUDGE_ONCE", "1", 1);
      execl("/proc/self/exe", arguments[0], path.c_str(), static_cast<char*>(nullptr));
      _exit(127);
    }
    int status = 0;
    waitpid(child, &status, 0);
    if (status != 0) return 1;
  }
  return 0;
}
