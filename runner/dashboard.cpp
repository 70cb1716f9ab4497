#include "runner/dashboard.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/units.hpp"

namespace tidegate::runner {
namespace {

constexpr std::size_t kRemembered = 60;
constexpr std::size_t kShownHeights = 30;
constexpr std::string_view kLevels = " .:-=+*#%@";

std::string rate_of(double per_second) {
  return format_count(static_cast<std::uint64_t>(std::max(per_second, 0.0) + 0.5)) + "/s";
}

std::string first_line(const ProgressState& state) {
  const auto now = second_of(state.now);
  if (now < 0 || state.end <= 0) return fmt::format("{:<14}", state.stage);
  const auto left = std::max<std::int64_t>(0, state.end - now);
  return fmt::format("{:<14} {:>4}s of {}s  {}  {}s left", state.stage, now, state.end,
                     bar(static_cast<double>(now), static_cast<double>(state.end), 30), left);
}

std::string rate_line(const ProgressState& state) {
  const bool planned = state.load.target_rate > 0;
  const std::string rate = planned ? rate_of(state.load.achieved_rate) + " of " + rate_of(state.load.target_rate)
                                   : rate_of(state.load.achieved_rate);
  return fmt::format("rate    {:<18} requests {:<10} vus {}", rate, rate_of(state.load.request_rate), state.load.vus);
}

std::string health_line(const ProgressState& state) {
  std::string line = fmt::format("errors  {:<7} dropped {:<7} late {}, p99 {}", state.load.errors, state.load.dropped,
                                 state.load.late, format_duration(state.load.lateness_p99));
  if (state.worst_lag_s >= 0) line += "  lag " + format_seconds(state.worst_lag_s);
  return line;
}

}  // namespace

std::string bar(double done, double total, std::size_t columns) {
  const double share = total > 0 ? std::clamp(done / total, 0.0, 1.0) : 0;
  const auto filled = static_cast<std::size_t>(share * static_cast<double>(columns));
  return std::string(filled, '#') + std::string(columns - filled, '-');
}

std::string heights(const std::deque<Nanoseconds>& values) {
  std::string out;
  if (values.empty()) return out;
  const Nanoseconds highest = *std::max_element(values.begin(), values.end());
  for (const Nanoseconds value : values) {
    const double share =
        highest.count() > 0 ? static_cast<double>(value.count()) / static_cast<double>(highest.count()) : 0;
    out += kLevels[static_cast<std::size_t>(share * static_cast<double>(kLevels.size() - 1) + 0.5)];
  }
  return out;
}

std::vector<std::string> Dashboard::lines(const ProgressState& state, std::size_t columns) {
  p99_.push_back(state.load.p99);
  if (p99_.size() > kRemembered) p99_.pop_front();
  const std::size_t shown = std::min(p99_.size(), kShownHeights);
  const std::deque<Nanoseconds> recent(p99_.end() - static_cast<std::ptrdiff_t>(shown), p99_.end());
  std::vector<std::string> out{first_line(state), rate_line(state),
                               fmt::format("p50     {:<8} p99 {:<8} |{}| {} at most", format_duration(state.load.p50),
                                           format_duration(state.load.p99), heights(recent),
                                           format_duration(*std::max_element(recent.begin(), recent.end()))),
                               health_line(state)};
  if (state.load.limits.all() > 0) out.push_back("limits  not sent: " + state.load.limits.text());
  if (!state.active_faults.empty()) out.push_back(fmt::format("faults  {}", fmt::join(state.active_faults, ", ")));
  for (std::string& line : out) line.resize(std::min(line.size(), columns));
  return out;
}

}  // namespace tidegate::runner
