#include "runner/baseline.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "base/file.hpp"
#include "gates/fingerprint.hpp"
#include "runner/judge.hpp"

namespace tidegate::runner {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostRuns = 10;

bool is_run(const fs::path& path) {
  std::error_code ignored;
  return fs::exists(path / "run.json", ignored);
}

}  // namespace

Result<BaselineRun> load_baseline_run(const std::string& path) {
  auto directory = record::RunDirectory::open(path);
  if (!directory) return directory.error();
  auto info = directory->read_info();
  if (!info) return info.error();
  auto series = record::read_series(directory->series());
  if (!series) return series.error();
  auto events = record::read_events(directory->events());
  if (!events) return events.error();
  if (series->cut_short || events->cut_short || info->interrupted || !info->finished) {
    return usage_error(path + ": this run did not come to its end; it cannot be compared");
  }
  auto judged_by = gates_of_run(*info);
  if (!judged_by) return judged_by.error();
  BaselineRun run;
  run.path = path;
  run.context = std::move(judged_by->context);
  run.gates = std::move(judged_by->gates);
  run.data = {std::move(*info), std::move(*series), std::move(*events)};
  return run;
}

Result<std::vector<std::string>> baseline_paths(const std::string& path, const record::RunInfo& run) {
  std::error_code failed;
  if (!fs::is_directory(path, failed)) return usage_error(path + ": no such directory");
  if (is_run(path)) return std::vector<std::string>{path};
  const gates::Fingerprint key = gates::fingerprint(run);
  const fs::path folder = fs::path(path) / key.scenario / key.machine;
  std::vector<std::string> found;
  for (const auto& entry : fs::directory_iterator(folder, failed)) {
    if (is_run(entry.path())) found.push_back(entry.path().string());
  }
  std::sort(found.begin(), found.end());
  if (found.size() > kMostRuns) found.erase(found.begin(), found.end() - kMostRuns);
  return found;
}

Result<gates::Baseline> make_baseline(const std::string& path, const record::RunInfo& run, const gates::GateSet& gates,
                                      bool force) {
  gates::Baseline baseline;
  baseline.source = path;
  auto paths = baseline_paths(path, run);
  if (!paths) {
    baseline.missing = paths.error().message;
    return baseline;
  }
  if (paths->empty()) baseline.missing = path + " holds no run of this scenario on this machine";
  for (const gates::ComparedMeasure& measure : gates::compared_by(gates)) {
    baseline.metrics.push_back({measure.metric, measure.during, {}});
  }
  for (const std::string& one : *paths) {
    auto loaded = load_baseline_run(one);
    if (!loaded) return loaded.error();
    if (const std::string differs = gates::mismatch(loaded->data.info, run); !differs.empty()) {
      if (!force) return usage_error(fmt::format("baseline {}: {}; --force compares anyway", one, differs));
      baseline.forced = differs;
    }
    baseline.runs.push_back(one);
    for (gates::BaselineMetric& metric : baseline.metrics) {
      const auto value =
          gates::measured({"", metric.metric, metric.during}, loaded->data, loaded->context, loaded->gates);
      if (value) metric.values.push_back(*value);
    }
  }
  return baseline;
}

Result<std::string> store_run(const std::string& store, const std::string& run) {
  auto loaded = load_baseline_run(run);
  if (!loaded) return loaded.error();
  const gates::Fingerprint key = gates::fingerprint(loaded->data.info);
  std::string name = loaded->data.info.started_at + "-" + fs::path(run).filename().string();
  std::replace(name.begin(), name.end(), ':', '.');
  const fs::path folder = fs::path(store) / key.scenario / key.machine / name;
  if (auto made = make_directories(folder.string()); !made) return made.error();
  for (const char* file : {"series.tgs", "events.ndjson", "run.json"}) {  // the one that makes it a run comes last
    std::error_code failed;
    fs::copy_file(fs::path(run) / file, folder / file, fs::copy_options::overwrite_existing, failed);
    if (failed) return machine_error(fmt::format("{}: {}", (folder / file).string(), failed.message()));
  }
  return folder.string();
}

}  // namespace tidegate::runner
