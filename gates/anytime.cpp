#include "gates/anytime.hpp"

#include <boost/math/special_functions/beta.hpp>
#include <cmath>
#include <limits>

namespace tidegate::gates {
namespace {

// The logarithm of Beta(a, b); the plain function underflows for large counts.
double log_beta(double a, double b) {
  return std::lgamma(a) + std::lgamma(b) - std::lgamma(a + b);
}

}  // namespace

double log_evidence_over(double bad, double total, double allowed) {
  constexpr double kPrior = 0.5;
  if (total <= 0 || allowed <= 0 || allowed >= 1) return -std::numeric_limits<double>::infinity();
  const double a = bad + kPrior, b = total - bad + kPrior;
  // The shares of the posterior and of the prior that lie above the allowed one.
  const double above = boost::math::ibetac(a, b, allowed);
  const double prior = boost::math::ibetac(kPrior, kPrior, allowed);
  if (above <= 0) return -std::numeric_limits<double>::infinity();
  return log_beta(a, b) + std::log(above) - log_beta(kPrior, kPrior) - std::log(prior) - bad * std::log(allowed) -
         (total - bad) * std::log1p(-allowed);
}

bool is_broken_anytime(double bad, double total, double allowed, double confidence) {
  return bad > allowed * total && log_evidence_over(bad, total, allowed) >= -std::log(1 - confidence);
}

}  // namespace tidegate::gates
