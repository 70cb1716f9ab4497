#include "loadgen/zipf.hpp"

#include <algorithm>
#include <cmath>

namespace tidegate::loadgen {
namespace {

/// (exp(x) - 1) / x, and log(1 + x) / x, without loss near 0.
double expm1_over(double x) {
  return std::abs(x) > 1e-8 ? std::expm1(x) / x : 1 + x / 2 * (1 + x / 3);
}
double log1p_over(double x) {
  return std::abs(x) > 1e-8 ? std::log1p(x) / x : 1 - x * (0.5 - x * (1.0 / 3 - x / 4));
}

/// The integral of x^-exponent, and its inverse.
double integral(double x, double exponent) {
  const double logarithm = std::log(x);
  return expm1_over((1 - exponent) * logarithm) * logarithm;
}
double inverse_integral(double x, double exponent) {
  const double bounded = std::max(x * (1 - exponent), -1.0);
  return std::exp(log1p_over(bounded) * x);
}

}  // namespace

std::uint64_t zipf(Draws& draws, std::uint64_t count, double exponent) {
  const double top = integral(1.5, exponent) - 1;
  const double bottom = integral(static_cast<double>(count) + 0.5, exponent);
  const double shortcut = 2 - inverse_integral(integral(2.5, exponent) - std::pow(2, -exponent), exponent);
  for (;;) {
    const double u = bottom + draws.uniform() * (top - bottom);
    const double x = inverse_integral(u, exponent);
    const double rank = std::clamp(std::floor(x + 0.5), 1.0, static_cast<double>(count));
    if (rank - x <= shortcut || u >= integral(rank + 0.5, exponent) - std::pow(rank, -exponent)) {
      return static_cast<std::uint64_t>(rank) - 1;
    }
  }
}

}  // namespace tidegate::loadgen
