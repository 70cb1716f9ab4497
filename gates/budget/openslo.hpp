#pragma once
// Error budgets as OpenSLO v1 (https://github.com/OpenSLO/OpenSLO): what a budget gate reads from such a file, and such
// a file from a budget gate.

#include <optional>
#include <string>
#include <vector>

#include "base/diagnostics.hpp"
#include "base/time.hpp"
#include "base/yaml.hpp"

namespace tidegate::gates {

/// The parts of an SLO that Tidegate uses.
struct OpenSlo {
  std::string name, service;
  double target = 0;  ///< of the objective, a share
  Nanoseconds window = std::chrono::hours(24 * 30);
  bool timeslices = false;                         ///< budgetingMethod
  double slice_target = 0;                         ///< timeSliceTarget
  Nanoseconds slice_window{0};                     ///< timeSliceWindow
  std::string of, good;                            ///< of a metric source of type tidegate
  std::string good_query, bad_query, total_query;  ///< of a metric source of type Prometheus
};

/// Every SLO of a file, which may hold several documents split by `---`. Documents of other kinds are passed over.
/// Mistakes go to the diagnostics with their position.
std::vector<OpenSlo> read_openslo(const std::string& path, Diagnostics& diagnostics);
std::vector<OpenSlo> parse_openslo(std::string_view text, const std::string& path, Diagnostics& diagnostics);
/// One YAML document per SLO; `parse_openslo` reads it back to the same.
std::string write_openslo(const std::vector<OpenSlo>& slos);

/// Replaces `budget: {openslo: FILE#NAME, …}` by what the file says, so that the recorded scenario needs no other file.
/// Keys beside it win. `directory`: of the scenario.
void inline_openslo(yaml::Node& gates, const std::string& directory, Diagnostics& diagnostics);

/// The budget gates of a `gates` section as SLOs.
std::vector<OpenSlo> budgets_of(const yaml::Node& gates, const std::string& service);

}  // namespace tidegate::gates
