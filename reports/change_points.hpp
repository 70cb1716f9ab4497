#pragma once
// Where a series of values changed its level: for the history of nightly runs.
// Source: Matteson and James, "A Nonparametric Approach for Multiple Change Point Analysis of Multivariate Data"
// (E-Divisive), as used for performance tests by Daly et al., "The Use of Change Point Detection to Identify Software
// Performance Regressions in a Continuous Integration System" (ICPE 2020).

#include <cstddef>
#include <span>
#include <vector>

namespace tidegate::reports {

struct ChangePoint {
  std::size_t at = 0;  ///< index of the first value after the change
  double before = 0;   ///< median of the segment before
  double after = 0;    ///< median of the segment after
  double p = 1;        ///< of the permutation test
};

/// Divides the series as long as the best division is significant (p <= 0.01 against 499 permutations, whose order is
/// fixed: the same values give the same answer). Each segment has at least five values. In order. A level that comes
/// back before it has lasted as long as what surrounds it may stay unseen until more values are there.
std::vector<ChangePoint> change_points(std::span<const double> values);

}  // namespace tidegate::reports
