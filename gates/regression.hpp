#pragma once
// Whether a candidate is worse than a baseline, from one value per run. Runs, not requests, are what is sampled:
// requests of one run share its luck.
//
// Sources: B. L. Welch, "The generalization of 'Student's' problem", Biometrika 34 (1947); S. Holm, "A simple
// sequentially rejective multiple test procedure", Scandinavian Journal of Statistics 6 (1979).

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "record/verdict.hpp"

namespace tidegate::gates {

struct RunSamples {
  std::vector<double> baseline, candidate;  ///< one value a run, at least one a side
  /// Standard deviation between runs of the logarithm, stored from earlier runs; for sides of one run.
  std::optional<double> noise;
  std::size_t noise_runs = 0;  ///< how many it rests on
  bool more_is_worse = true;   ///< false for rates of work done
};

/// How much worse the candidate is: 0.1 is 10 % worse, below zero is better.
struct Regression {
  std::optional<double> effect;  ///< none when nothing can be said
  double lower = 0, upper = 0;   ///< one-sided bounds
  double p = 1;                  ///< the chance of such a difference were it not worse
  double floor = 0;              ///< what runs differ by chance: the noise floor for these numbers of runs
  std::string doubt;             ///< why there is no effect
};
Regression compare_samples(const RunSamples& samples, double confidence);

/// p values corrected for their number, in the same order: each at most alpha keeps the chance of any false alarm
/// there.
std::vector<double> holm(std::span<const double> p_values);

/// FAIL: significant and above the larger of `allow` and the noise floor. PASS: even the upper bound is within `allow`.
record::Outcome regression_outcome(const Regression& regression, double corrected_p, double allow, double confidence);

/// Sample standard deviation of the logarithms; none for fewer than two values, or values that have none.
std::optional<double> noise_of(std::span<const double> values);
/// The relative difference that runs of such noise show by chance in fewer than 5 of 100 comparisons.
double noise_floor(double noise, std::size_t baseline_runs, std::size_t candidate_runs);

}  // namespace tidegate::gates
