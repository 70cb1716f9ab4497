#include "gates/clustering.hpp"

#include <algorithm>
#include <boost/math/distributions/normal.hpp>
#include <boost/math/distributions/students_t.hpp>
#include <vector>

namespace tidegate::gates {
namespace {

/// Sums over the first i seconds, so that any block is one subtraction.
struct Sums {
  std::vector<double> bad{0}, total{0};
  explicit Sums(std::span<const Share> seconds) {
    for (const Share& one : seconds) {
      bad.push_back(bad.back() + static_cast<double>(one.bad));
      total.push_back(total.back() + static_cast<double>(one.total));
    }
  }
  double share() const { return bad.back() / total.back(); }
};

// The variance of the share between blocks (a ratio, since blocks hold different numbers of samples) over that of
// independent samples. A remainder joins the last block.
double effect_of_blocks(const Sums& sums, std::size_t length) {
  const std::size_t seconds = sums.bad.size() - 1;
  const std::size_t blocks = seconds / length;
  const double share = sums.share();
  double squares = 0;
  for (std::size_t block = 0; block < blocks; ++block) {
    const std::size_t from = block * length;
    const std::size_t to = block + 1 == blocks ? seconds : from + length;
    const double residual = sums.bad[to] - sums.bad[from] - share * (sums.total[to] - sums.total[from]);
    squares += residual * residual;
  }
  const auto count = static_cast<double>(blocks);
  return squares * count / (count - 1) / (sums.total.back() * share * (1 - share));
}

}  // namespace

Clustering estimate_clustering(std::span<const Share> seconds, double confidence) {
  Clustering result;
  const Sums sums(seconds);
  result.estimable = seconds.size() >= kFewestSecondsForClustering;
  // Where all samples are alike there is nothing that could cluster.
  if (!result.estimable || sums.bad.back() <= 0 || sums.bad.back() >= sums.total.back()) return result;
  const double normal = quantile(boost::math::normal(), confidence);
  const std::size_t longest = seconds.size() / kFewestSecondsForClustering;
  for (std::size_t length = 1; length <= longest; length = std::max(length + 1, length * 5 / 4)) {
    const double effect = std::max(1.0, effect_of_blocks(sums, length));
    const auto freedom = static_cast<double>(seconds.size() / length - 1);
    const double student = quantile(boost::math::students_t(freedom), confidence);
    result.effect = std::max(result.effect, effect);
    result.worth = std::min(result.worth, normal * normal / (student * student) / effect);
  }
  return result;
}

}  // namespace tidegate::gates
