#include "reports/downsample.hpp"

#include <algorithm>

namespace tidegate::reports {
namespace {

constexpr std::int64_t kMostPoints = 1000;

/// What is known of one bin.
struct Bin {
  std::int32_t lowest_at = 0, highest_at = 0;
  double lowest = 0, highest = 0;
  std::int32_t seconds = 0;  // with a value

  void take(std::int32_t second, double value) {
    if (seconds == 0 || value < lowest) {
      lowest = value;
      lowest_at = second;
    }
    if (seconds == 0 || value > highest) {
      highest = value;
      highest_at = second;
    }
    ++seconds;
  }
};

}  // namespace

TimeAxis TimeAxis::covering(std::int32_t start, std::int32_t end) {
  TimeAxis axis;
  axis.start = start;
  axis.end = std::max(start, end);
  const std::int64_t span = static_cast<std::int64_t>(axis.end) - axis.start;
  if (span > kMostPoints) {
    const std::int64_t most_bins = kMostPoints / 2;
    axis.bin_seconds = static_cast<std::int32_t>((span + most_bins - 1) / most_bins);
  }
  axis.bins = static_cast<std::size_t>((span + axis.bin_seconds - 1) / axis.bin_seconds);
  return axis;
}

std::vector<double> TimeAxis::times() const {
  std::vector<double> out;
  for (std::size_t i = 0; i < bins; ++i) {
    const double bin_start = start + static_cast<double>(i) * bin_seconds;
    out.push_back(bin_start);
    if (paired()) out.push_back(bin_start + bin_seconds / 2.0);
  }
  return out;
}

std::vector<std::optional<double>> resampled(const std::map<std::int32_t, double>& values, const TimeAxis& axis,
                                             std::int32_t zero_until) {
  std::vector<Bin> bins(axis.bins);
  for (auto at = values.lower_bound(axis.start); at != values.end() && at->first < axis.end; ++at) {
    const auto offset = static_cast<std::int64_t>(at->first) - axis.start;
    bins[static_cast<std::size_t>(offset / axis.bin_seconds)].take(at->first, at->second);
  }
  std::vector<std::optional<double>> out;
  out.reserve(bins.size() * (axis.paired() ? 2 : 1));
  for (std::size_t i = 0; i < bins.size(); ++i) {
    Bin& bin = bins[i];
    const auto bin_start = static_cast<std::int64_t>(axis.start) + static_cast<std::int64_t>(i) * axis.bin_seconds;
    const std::int64_t bin_end = std::min<std::int64_t>(bin_start + axis.bin_seconds, axis.end);
    const std::int64_t counted = std::min<std::int64_t>(bin_end, zero_until) - bin_start;
    if (bin.seconds < counted) bin.take(static_cast<std::int32_t>(bin_start), 0);
    const bool lowest_first = bin.lowest_at <= bin.highest_at;
    const bool any = bin.seconds > 0;
    out.push_back(any ? std::optional(lowest_first ? bin.lowest : bin.highest) : std::nullopt);
    if (axis.paired()) out.push_back(any ? std::optional(lowest_first ? bin.highest : bin.lowest) : std::nullopt);
  }
  return out;
}

}  // namespace tidegate::reports
