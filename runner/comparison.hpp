#pragma once
// `tidegate compare` and `tidegate noise`: several runs against several others, and how much runs differ by themselves.

#include <optional>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "gates/regression.hpp"
#include "record/verdict.hpp"
#include "runner/baseline.hpp"

namespace tidegate::runner {

struct CompareOptions {
  std::vector<std::string> baseline, candidate;  ///< run directories
  std::string store;                             ///< where noise is known from; empty: nowhere
  double allow = 0.05;                           ///< of measures that no compare gate names
  double confidence = 0.95;
  bool force = false;
};

struct ComparedRow {
  gates::ComparedMeasure measure;
  std::vector<double> baseline, candidate;
  gates::Regression regression;
  double corrected_p = 1;
  record::Outcome outcome = record::Outcome::inconclusive;
};

struct ComparisonReport {
  std::vector<ComparedRow> rows;
  record::Outcome outcome = record::Outcome::inconclusive;  ///< the worst row's; no row: inconclusive
  std::string forced;
};
Result<ComparisonReport> compare_runs(const CompareOptions& options);
std::string comparison_text(const ComparisonReport& report);
json::value to_json(const ComparisonReport& report);

struct NoiseRow {
  std::string metric, during;
  std::vector<double> values;
  std::optional<double> noise;  ///< standard deviation between runs of the logarithm
};
/// Of finished runs of one scenario on one machine.
Result<std::vector<NoiseRow>> noise_of_runs(const std::vector<std::string>& runs);
std::string noise_text(const std::vector<NoiseRow>& rows);

}  // namespace tidegate::runner
