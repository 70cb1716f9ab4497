#pragma once
// What a run is compared with: baseline.json in its run directory, so that judging again needs no other directory.

#include <optional>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "base/result.hpp"
#include "gates/gate.hpp"
#include "record/events.hpp"
#include "record/series.hpp"

namespace tidegate::gates {

/// One measure in one window, a value per baseline run.
struct BaselineMetric {
  std::string metric;  ///< as the compare gate writes it
  std::string during;
  std::vector<double> values;
};

struct Baseline {
  std::string source;             ///< as named on the command line
  std::vector<std::string> runs;  ///< their directories
  std::string missing;            ///< why there is none, though one was asked for
  std::string forced;             ///< what does not match and was overridden
  std::vector<BaselineMetric> metrics;

  const BaselineMetric* find(std::string_view metric, std::string_view during) const;
};

json::value to_json(const Baseline& baseline);
Result<Baseline> baseline_from_json(const json::value& value);

/// A run as read, for measuring. The parts must stay where they are.
struct MeasuredRun {
  record::RunInfo info;
  record::SeriesSet series;
  record::EventLog events;
};

/// A measure in a window, as `compare:` and `tidegate compare` name it.
struct ComparedMeasure {
  std::string name;    ///< of the gate, or of the measure
  std::string metric;  ///< as written
  std::string during;  ///< as written; empty: all judged time
  double allow = 0.05;
};

/// The compare gates of a scenario, one entry per window.
std::vector<ComparedMeasure> compared_by(const GateSet& gates);
/// What is compared when a scenario has no compare gates: percentiles of every step, work done and failures.
std::vector<ComparedMeasure> usual_measures(const GateContext& context, double allow);

/// The value in a run; none when it has none there, or the text is not a measure.
std::optional<double> measured(const ComparedMeasure& measure, const MeasuredRun& run, const GateContext& context,
                               const GateSet& gates);
/// Whether a larger value is the worse one; false for rates of work done.
bool more_is_worse(const std::string& metric, const GateContext& context);

}  // namespace tidegate::gates
