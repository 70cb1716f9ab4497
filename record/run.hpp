#pragma once
// The run directory and run.json: what ran. Written first, finished last. Format: docs/run-directory.md.

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/json.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "record/verdict.hpp"

namespace tidegate::record {

/// A named span of the run clock, whole seconds, [start, end).
struct Window {
  std::string name;
  std::int32_t start = 0;
  std::int32_t end = 0;
  bool judged = true;
};

struct MachineInfo {
  std::string cpu_model, kernel, os;
  int cores = 0;
  std::uint64_t memory_bytes = 0;
};
MachineInfo this_machine();

/// One load block as planned, for judging ("no planned load") and the report.
struct PlannedLoad {
  std::string block;
  std::string executor;
  bool open_loop = true;
  std::uint64_t planned_iterations = 0;
  std::vector<std::pair<std::string, double>> flows;                    ///< flow to its share
  std::vector<std::pair<std::string, std::vector<std::string>>> steps;  ///< flow to the names of its steps
  std::vector<std::pair<std::int32_t, double>> rate;                    ///< second to planned iterations per second
};

/// run.json.
struct RunInfo {
  std::string schema = "tidegate.run/1";
  std::string name, title, description, variant;
  std::string command;  ///< how to reproduce
  std::uint64_t seed = 0;
  std::string version;
  std::string started_at;    ///< RFC 3339
  double unix_origin_s = 0;  ///< wall clock of run-clock zero
  std::string scenario_path;
  std::string scenario;                ///< the resolved scenario as YAML; `${env…}` unresolved
  std::vector<std::string> overrides;  ///< key=value as given
  std::vector<Window> phases;          ///< planned
  std::vector<PlannedLoad> load;
  double tick_s = 0;  ///< how often load loops look at arrivals and answers; 0: whenever there are any
  std::vector<PhaseScale> scale;
  MachineInfo machine;
  std::string profile;              ///< modern | legacy
  std::vector<std::string> groups;  ///< consumer groups of the stack
  bool finished = false;
  std::optional<double> ended_s;  ///< run clock
  bool interrupted = false;
  json::object extra;  ///< additive
};
json::value to_json(const RunInfo& info);
Result<RunInfo> run_info_from_json(const json::value& value);

/// Paths inside a run directory.
class RunDirectory {
 public:
  /// Makes DIR with logs/ and truth/. An error when it exists and holds a run already.
  static Result<RunDirectory> create(const std::string& path);
  /// An error when there is no run.json, or its version is of the future.
  static Result<RunDirectory> open(const std::string& path);

  const std::string& path() const { return path_; }
  std::string run_json() const { return path_ + "/run.json"; }
  std::string series() const { return path_ + "/series.tgs"; }
  /// By tens of seconds; only in runs of ten minutes and more.
  std::string rollup() const { return path_ + "/series-10s.tgs"; }
  std::string events() const { return path_ + "/events.ndjson"; }
  std::string operations() const { return path_ + "/operations.tgo"; }
  std::string truth(const std::string& name) const { return path_ + "/truth/" + name; }
  std::string findings() const { return path_ + "/truth/findings.json"; }
  std::string verdict() const { return path_ + "/verdict.json"; }
  /// What compare gates compare with; only in runs that were given a baseline.
  std::string baseline() const { return path_ + "/baseline.json"; }
  std::string report() const { return path_ + "/report.html"; }
  std::string log(const std::string& process) const { return path_ + "/logs/" + process + ".log"; }

  Result<void> write_info(const RunInfo& info) const;
  Result<RunInfo> read_info() const;
  Result<void> write_verdict(const Verdict& verdict) const;
  Result<Verdict> read_verdict() const;
  /// truth/findings.json: {"schema", "findings": [{"checker", "outcome", "checked", "reason", "counterexamples"}]}.
  Result<void> write_findings(const std::vector<AuditFinding>& findings) const;
  /// nullopt when no audit ran.
  Result<std::optional<std::vector<AuditFinding>>> read_findings() const;

 private:
  std::string path_;
};

}  // namespace tidegate::record
