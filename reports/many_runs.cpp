#include "reports/many_runs.hpp"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>

#include <fmt/format.h>

#include "base/file.hpp"
#include "record/run.hpp"
#include "reports/change_points.hpp"
#include "reports/html.hpp"
#include "reports/latency_data.hpp"
#include "reports/page_data.hpp"

namespace tidegate::reports {
namespace {

constexpr std::size_t kMostCompared = 8;
constexpr std::size_t kMostReasons = 3;

bool is_run(const std::filesystem::path& path) {
  std::error_code ignored;
  return std::filesystem::is_regular_file(path / "run.json", ignored);
}

struct JudgedRun {
  std::string directory;
  record::RunInfo info;
  record::Verdict verdict;
};

Result<JudgedRun> read_judged(const std::string& path) {
  auto directory = record::RunDirectory::open(path);
  if (!directory) return directory.error();
  auto info = directory->read_info();
  if (!info) return info.error();
  auto verdict = directory->read_verdict();
  if (!verdict) return verdict.error();
  return JudgedRun{path, std::move(*info), std::move(*verdict)};
}

json::object run_to_json(const JudgedRun& run) {
  json::array reasons;
  for (std::size_t i = 0; i < std::min(kMostReasons, run.verdict.reasons.size()); ++i) {
    reasons.emplace_back(run.verdict.reasons[i]);
  }
  return {{"directory", run.directory},
          {"name", run.info.name},
          {"variant", run.info.variant},
          {"profile", run.info.profile},
          {"started_at", run.info.started_at},
          {"version", run.info.version},
          {"seed", std::to_string(run.info.seed)},
          {"verdict", record::verdict_word(run.verdict)},
          {"machine", fmt::format("{}, {} cores", run.info.machine.cpu_model, run.info.machine.cores)},
          {"reasons", std::move(reasons)}};
}

/// One gate over the runs in which it was.
struct Trend {
  const record::GateResult* first = nullptr;
  std::vector<std::pair<std::size_t, const record::GateResult*>> points;
};

json::object point_to_json(std::size_t run, const record::GateResult& gate) {
  json::value interval = nullptr;
  if (gate.interval) interval = json::array{rounded(gate.interval->first), rounded(gate.interval->second)};
  return {{"run", run},
          {"outcome", to_string(gate.outcome)},
          {"value", rounded(gate.value)},
          {"limit", rounded(gate.limit)},
          {"interval", std::move(interval)}};
}

json::object trend_to_json(const Trend& trend) {
  json::array points, changes;
  std::vector<double> values;
  std::vector<std::size_t> places;  // of the values among the points
  for (const auto& [run, gate] : trend.points) {
    if (gate->value && std::isfinite(*gate->value)) {
      values.push_back(*gate->value);
      places.push_back(points.size());
    }
    points.push_back(point_to_json(run, *gate));
  }
  for (const ChangePoint& change : change_points(values)) {
    changes.push_back(json::object{{"at", places[change.at]},
                                   {"before", rounded(change.before)},
                                   {"after", rounded(change.after)},
                                   {"p", rounded(change.p)}});
  }
  return {{"name", trend.first->name},    {"during", trend.first->during},         {"kind", trend.first->kind},
          {"unit", trend.first->unit},    {"comparison", trend.first->comparison}, {"points", std::move(points)},
          {"changes", std::move(changes)}};
}

json::array trends_of(const std::vector<JudgedRun>& runs) {
  std::map<std::pair<std::string, std::string>, Trend> by_gate;
  std::vector<std::pair<std::string, std::string>> order;
  for (std::size_t i = 0; i < runs.size(); ++i) {
    for (const record::GateResult& gate : runs[i].verdict.gates) {
      const std::pair id(gate.name, gate.during);
      Trend& trend = by_gate[id];
      if (trend.first == nullptr) order.push_back(id);
      trend.first = &gate;
      trend.points.emplace_back(i, &gate);
    }
  }
  json::array out;
  for (const auto& id : order) out.push_back(trend_to_json(by_gate.at(id)));
  return out;
}

}  // namespace

Result<std::vector<std::string>> find_run_directories(const std::vector<std::string>& paths) {
  std::vector<std::string> found;
  for (const std::string& path : paths) {
    if (is_run(path)) {
      found.push_back(path);
      continue;
    }
    std::vector<std::string> inside;
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator(path, error)) {
      if (is_run(entry.path())) inside.push_back(entry.path().string());
    }
    if (error) return system_error(path, error.value());
    if (inside.empty()) return usage_error(path + ": neither a run directory nor a folder that holds some");
    std::sort(inside.begin(), inside.end());
    found.insert(found.end(), inside.begin(), inside.end());
  }
  return found;
}

Result<void> write_history(const std::vector<std::string>& directories, const std::string& page) {
  std::vector<JudgedRun> runs;
  json::array notices;
  for (const std::string& path : directories) {
    auto run = read_judged(path);
    if (run) {
      runs.push_back(std::move(*run));
    } else {
      notices.emplace_back("left out: " + run.error().message);
    }
  }
  if (runs.empty()) return usage_error("no run with a readable verdict among " + fmt::format("{}", directories.size()));
  std::stable_sort(runs.begin(), runs.end(), [](const JudgedRun& a, const JudgedRun& b) {
    return a.info.started_at < b.info.started_at;  // RFC 3339 in UTC sorts as text
  });
  const auto foreign = std::count_if(runs.begin(), runs.end(), [&runs](const JudgedRun& run) {
    return run.info.name != runs.back().info.name || run.info.variant != runs.back().info.variant;
  });
  if (foreign > 0) {
    notices.emplace_back(fmt::format("{} of the runs are of another scenario or variant than the newest", foreign));
  }
  json::array list;
  for (const JudgedRun& run : runs) list.push_back(run_to_json(run));
  const json::object data{{"kind", "history"},
                          {"version", TIDEGATE_VERSION},
                          {"runs", std::move(list)},
                          {"trends", trends_of(runs)},
                          {"notices", std::move(notices)}};
  return write_file_atomically(page, page_with_data(page_template(), data));
}

Result<void> write_comparison(const std::vector<std::string>& directories, const std::string& page) {
  if (directories.size() < 2 || directories.size() > kMostCompared) {
    return usage_error(fmt::format("a comparison takes 2 to {} runs, not {}", kMostCompared, directories.size()));
  }
  json::array runs, notices;
  for (std::size_t i = 0; i < directories.size(); ++i) {
    const auto directory = record::RunDirectory::open(directories[i]);
    if (!directory) return directory.error();
    auto data = page_data(*directory);
    if (!data) return data.error();
    // What the comparison does not show would only make the page larger.
    for (const char* member : {"lives", "heat", "events"}) (*data)[member] = json::array{};
    (*data)["run"].as_object()["scenario"] = "";
    const std::string label = std::filesystem::path(directories[i]).lexically_normal().filename().string();
    runs.push_back(
        json::object{{"label", label.empty() ? fmt::format("run {}", i + 1) : label}, {"data", std::move(*data)}});
  }
  const auto machine = [](const json::value& run) { return json::serialize(run.at("data").at("run").at("machine")); };
  for (const json::value& run : runs) {
    if (machine(run) != machine(runs[0])) {
      notices.emplace_back("The runs were not made on the same kind of machine.");
      break;
    }
  }
  const json::object data{
      {"kind", "compare"}, {"version", TIDEGATE_VERSION}, {"runs", std::move(runs)}, {"notices", std::move(notices)}};
  return write_file_atomically(page, page_with_data(page_template(), data));
}

}  // namespace tidegate::reports
