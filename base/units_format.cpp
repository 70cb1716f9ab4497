// Quantities as people read them: three significant digits, without trailing zeros.

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <span>
#include <vector>

#include "base/units.hpp"

namespace tidegate {
namespace {

struct Step {
  double size;  ///< in the base unit
  const char* name;
};

constexpr Step kTimes[] = {{1e-9, "ns"}, {1e-6, "us"}, {1e-3, "ms"}, {1, "s"}, {60, "min"}, {3600, "h"}, {86400, "d"}};
// From where on a unit is used: hours until two days, since "47.6 h" says more than "1.98 d".
constexpr double kTimesFrom[] = {0, 1e-6, 1e-3, 1, 60, 3600, 172800};
constexpr Step kSizes[] = {{1, "B"}, {1024, "KiB"}, {1048576, "MiB"}, {1073741824, "GiB"}, {0x1p40, "TiB"}};
constexpr double kSizesFrom[] = {0, 1024, 1048576, 1073741824, 0x1p40};

double to_three_digits(double value) {
  if (value == 0) return 0;
  const double scale = std::pow(10.0, 2 - std::floor(std::log10(std::abs(value))));
  return std::round(value * scale) / scale;
}

/// Plain decimals, whole when there are three digits before the point.
std::string three_digits(double value) {
  const double rounded = to_three_digits(value);
  const double magnitude = std::abs(rounded);
  if (magnitude >= 1000) return fmt::format("{:.0f}", value);
  if (magnitude != 0 && magnitude < 1e-4) return fmt::format("{:.3g}", rounded);
  return fmt::format("{:g}", rounded);
}

std::string scaled(double value, std::span<const Step> steps, std::span<const double> from) {
  std::size_t best = 0;
  for (std::size_t i = 1; i < steps.size(); ++i) {
    // Rounded as it would be shown in the unit before, so that 999.7 us reads 1 ms and not 1000 us.
    const double rounded = to_three_digits(value / steps[i - 1].size) * steps[i - 1].size;
    if (std::abs(rounded) < from[i] * (1 - 1e-12)) break;
    best = i;
    if (std::abs(value) < from[i]) value = rounded;
  }
  return three_digits(value / steps[best].size) + " " + steps[best].name;
}

std::string grouped(std::string digits) {
  for (std::size_t i = digits.size(); i > 3;) {
    i -= 3;
    digits.insert(i, 1, ',');
  }
  return digits;
}

}  // namespace

std::string format_seconds(double seconds) {
  if (std::isnan(seconds)) return "unknown";
  if (std::isinf(seconds)) return seconds > 0 ? "forever" : "-forever";
  if (seconds == 0) return "0 s";
  return scaled(seconds, kTimes, kTimesFrom);
}

std::string format_duration(Nanoseconds duration) {
  return format_seconds(to_seconds(duration));
}

std::string format_share(double share) {
  if (!std::isfinite(share)) return "unknown";
  const double percent = share * 100;
  // Four digits of what is apart from 0 or 100, at least two decimals: an objective of 99.9995 % must not read 100 %.
  const double apart = std::min(std::abs(percent), std::abs(100 - percent));
  const int decimals = apart == 0 ? 2 : std::clamp(3 - static_cast<int>(std::floor(std::log10(apart))), 2, 11);
  std::string digits = fmt::format("{:.{}f}", percent, decimals);
  digits.erase(digits.find_last_not_of('0') + 1);
  if (digits.back() == '.') digits.pop_back();
  return digits + " %";
}

std::string format_rate(double per_second) {
  if (!std::isfinite(per_second)) return "unknown";
  if (std::abs(per_second) < 999.5) return three_digits(per_second) + "/s";
  const bool negative = per_second < 0;
  return (negative ? "-" : "") + format_count(static_cast<std::uint64_t>(std::llround(std::abs(per_second)))) + "/s";
}

std::string format_bytes(std::uint64_t bytes) {
  return scaled(static_cast<double>(bytes), kSizes, kSizesFrom);
}

std::string format_count(std::uint64_t count) {
  return grouped(std::to_string(count));
}

int edit_distance(std::string_view a, std::string_view b) {
  // Three rows of the table of optimal string alignment; a swap of neighbours counts as one edit.
  std::vector<int> before(b.size() + 1), last(b.size() + 1), current(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) last[j] = static_cast<int>(j);
  for (std::size_t i = 1; i <= a.size(); ++i) {
    current[0] = static_cast<int>(i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const bool same = a[i - 1] == b[j - 1];
      current[j] = std::min({last[j] + 1, current[j - 1] + 1, last[j - 1] + (same ? 0 : 1)});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        current[j] = std::min(current[j], before[j - 2] + 1);
      }
    }
    before.swap(last);
    last.swap(current);
  }
  return last[b.size()];
}

}  // namespace tidegate
