#include "gates/regression.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <numeric>

namespace tidegate::gates {
namespace {

using record::Outcome;

// A spread of exactly nothing would call any difference significant.
constexpr double kLeastNoise = 1e-4;
constexpr double kTwoSided95 = 1.959964;

struct Side {
  double mean = 0, variance = 0;  // of the values compared
  std::size_t runs = 0;
};

Side side_of(const std::vector<double>& values) {
  Side side;
  side.runs = values.size();
  side.mean = std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
  for (const double value : values) side.variance += (value - side.mean) * (value - side.mean);
  side.variance = values.size() > 1 ? side.variance / static_cast<double>(values.size() - 1) : 0;
  return side;
}

// Squared standard error of the difference, and its degrees of freedom.
struct Spread {
  double squared = 0, freedom = 0;
};

std::optional<Spread> spread_of(const Side& baseline, const Side& candidate, const RunSamples& samples) {
  const auto part = [](const Side& side) { return side.variance / static_cast<double>(side.runs); };
  if (baseline.runs > 1 && candidate.runs > 1) {
    const double a = part(baseline), b = part(candidate), sum = a + b;
    if (sum <= 0) return Spread{0, static_cast<double>(baseline.runs + candidate.runs - 2)};
    return Spread{
        sum,
        sum * sum / (a * a / static_cast<double>(baseline.runs - 1) + b * b / static_cast<double>(candidate.runs - 1))};
  }
  // One run a side shows no variance of its own: that of the other side, or what was stored, stands for both.
  const Side& many = baseline.runs > 1 ? baseline : candidate;
  const double parts = 1.0 / static_cast<double>(baseline.runs) + 1.0 / static_cast<double>(candidate.runs);
  const double stored = samples.noise ? *samples.noise * *samples.noise : 0;
  if (many.runs > 2) return Spread{std::max(many.variance, stored) * parts, static_cast<double>(many.runs - 1)};
  if (!samples.noise || samples.noise_runs < 3) return std::nullopt;
  return Spread{stored * parts, static_cast<double>(samples.noise_runs - 1)};
}

std::vector<double> logarithms(const std::vector<double>& values) {
  std::vector<double> logs;
  for (const double value : values) logs.push_back(std::log(value));
  return logs;
}

bool are_finite(const std::vector<double>& values) {
  return std::all_of(values.begin(), values.end(), [](double value) { return std::isfinite(value) && value >= 0; });
}

bool are_zero(const std::vector<double>& values) {
  return std::all_of(values.begin(), values.end(), [](double value) { return value == 0; });
}

bool has_zero(const std::vector<double>& values) {
  return std::any_of(values.begin(), values.end(), [](double value) { return value <= 0; });
}

}  // namespace

std::optional<double> noise_of(std::span<const double> values) {
  if (values.size() < 2) return std::nullopt;
  const std::vector<double> all(values.begin(), values.end());
  if (!are_finite(all) || has_zero(all)) return std::nullopt;
  return std::sqrt(side_of(logarithms(all)).variance);
}

double noise_floor(double noise, std::size_t baseline_runs, std::size_t candidate_runs) {
  const double parts = 1.0 / static_cast<double>(baseline_runs) + 1.0 / static_cast<double>(candidate_runs);
  return std::expm1(kTwoSided95 * noise * std::sqrt(parts));
}

Regression compare_samples(const RunSamples& samples, double confidence) {
  Regression result;
  const auto doubt = [&](std::string why) {
    result.doubt = std::move(why);
    return result;
  };
  if (samples.baseline.empty() || samples.candidate.empty()) return doubt("a side has no value");
  if (!are_finite(samples.baseline) || !are_finite(samples.candidate)) return doubt("a side has no finite value");
  if (are_zero(samples.baseline) && are_zero(samples.candidate)) {
    result.effect = 0;
    return result;
  }
  // A value of zero has no logarithm, and no ratio to it says anything.
  if (has_zero(samples.baseline) || has_zero(samples.candidate)) return doubt("a run has the value 0: no ratio to it");
  const Side baseline = side_of(logarithms(samples.baseline)), candidate = side_of(logarithms(samples.candidate));
  auto spread = spread_of(baseline, candidate, samples);
  if (!spread) {
    return doubt(
        "one run a side says nothing about how runs differ: give more runs, or store the noise with "
        "`tidegate noise`");
  }
  const double direction = samples.more_is_worse ? 1 : -1;
  const double difference = direction * (candidate.mean - baseline.mean);
  const double error = std::max(std::sqrt(spread->squared), kLeastNoise);
  const boost::math::students_t student(std::max(spread->freedom, 1.0));
  const double reach = quantile(student, confidence) * error;
  result.effect = std::expm1(difference);
  result.lower = std::expm1(difference - reach);
  result.upper = std::expm1(difference + reach);
  result.p = cdf(complement(student, difference / error));
  if (samples.noise) result.floor = noise_floor(*samples.noise, baseline.runs, candidate.runs);
  return result;
}

std::vector<double> holm(std::span<const double> p_values) {
  std::vector<std::size_t> order(p_values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return p_values[a] < p_values[b]; });
  std::vector<double> corrected(p_values.size());
  double so_far = 0;
  for (std::size_t rank = 0; rank < order.size(); ++rank) {
    so_far = std::max(so_far, p_values[order[rank]] * static_cast<double>(order.size() - rank));
    corrected[order[rank]] = std::min(so_far, 1.0);
  }
  return corrected;
}

Outcome regression_outcome(const Regression& regression, double corrected_p, double allow, double confidence) {
  if (!regression.effect) return Outcome::inconclusive;
  const double least = std::max(allow, regression.floor);
  if (*regression.effect > least && corrected_p <= 1 - confidence) return Outcome::fail;
  if (*regression.effect <= allow && regression.upper <= allow) return Outcome::pass;
  return Outcome::inconclusive;
}

}  // namespace tidegate::gates
