#include "reports/change_points.hpp"

#include <algorithm>
#include <cmath>
#include <optional>

#include "base/random.hpp"

namespace tidegate::reports {
namespace {

constexpr std::size_t kShortestSegment = 5;
constexpr int kPermutations = 499;
constexpr double kSignificance = 0.01;
constexpr std::uint64_t kSeed = 20241129;

struct Division {
  std::size_t at = 0;
  double strength = 0;
};

/// The division of the greatest energy distance, scaled by the sizes of its sides (Matteson and James, eq. 5 and 7,
/// exponent 1). The sums within and between are carried from one division to the next: n squared in all.
Division best_division(std::span<const double> values) {
  const std::size_t n = values.size();
  double within_left = 0, between = 0, within_right = 0;
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = i + 1; j < n; ++j) within_right += std::abs(values[i] - values[j]);
  }
  Division best;
  for (std::size_t size = 1; size < n; ++size) {
    const double moved = values[size - 1];
    double to_left = 0, to_right = 0;
    for (std::size_t i = 0; i + 1 < size; ++i) to_left += std::abs(values[i] - moved);
    for (std::size_t i = size; i < n; ++i) to_right += std::abs(values[i] - moved);
    within_left += to_left;
    within_right -= to_right;
    between += to_right - to_left;
    if (size < kShortestSegment || n - size < kShortestSegment) continue;
    const auto left = static_cast<double>(size), right = static_cast<double>(n - size);
    const double distance =
        2 * between / (left * right) - 2 * within_left / (left * (left - 1)) - 2 * within_right / (right * (right - 1));
    const double strength = distance * left * right / (left + right);
    if (strength > best.strength) best = {size, strength};
  }
  return best;
}

double median(std::span<const double> values) {
  std::vector<double> sorted(values.begin(), values.end());
  const std::size_t middle = sorted.size() / 2;
  std::nth_element(sorted.begin(), sorted.begin() + static_cast<std::ptrdiff_t>(middle), sorted.end());
  return sorted[middle];
}

/// The share of orders in which a division as strong comes by chance.
double p_value(std::span<const double> values, double strength, std::uint64_t stream) {
  std::vector<double> shuffled(values.begin(), values.end());
  int as_strong = 1;
  for (int round = 0; round < kPermutations; ++round) {
    Draws draws(kSeed, stream, static_cast<std::uint64_t>(round));
    for (std::size_t i = shuffled.size() - 1; i > 0; --i) {
      std::swap(shuffled[i], shuffled[static_cast<std::size_t>(draws.between(0, static_cast<std::int64_t>(i)))]);
    }
    if (best_division(shuffled).strength >= strength) ++as_strong;
  }
  return static_cast<double>(as_strong) / (kPermutations + 1);
}

void divide(std::span<const double> values, std::size_t offset, std::vector<ChangePoint>& out) {
  if (values.size() < 2 * kShortestSegment) return;
  const Division division = best_division(values);
  if (division.strength <= 0) return;
  const double p = p_value(values, division.strength, offset);
  if (p > kSignificance) return;
  out.push_back({offset + division.at, 0, 0, p});
  divide(values.first(division.at), offset, out);
  divide(values.subspan(division.at), offset + division.at, out);
}

}  // namespace

std::vector<ChangePoint> change_points(std::span<const double> values) {
  std::vector<ChangePoint> out;
  divide(values, 0, out);
  std::sort(out.begin(), out.end(), [](const ChangePoint& a, const ChangePoint& b) { return a.at < b.at; });
  for (std::size_t i = 0; i < out.size(); ++i) {
    const std::size_t from = i == 0 ? 0 : out[i - 1].at;
    const std::size_t to = i + 1 == out.size() ? values.size() : out[i + 1].at;
    out[i].before = median(values.subspan(from, out[i].at - from));
    out[i].after = median(values.subspan(out[i].at, to - out[i].at));
  }
  return out;
}

}  // namespace tidegate::reports
