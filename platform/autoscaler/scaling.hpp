#pragma once
// How many workers there shall be, and which of them has which unit. Pure.

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/time.hpp"

namespace tidegate::platform {

struct ScalingLimits {
  int least = 1, most = 10;                      ///< workers
  Nanoseconds target = std::chrono::seconds(2);  ///< the oldest event that is not applied may be this old
  Nanoseconds settle = std::chrono::seconds(2);  ///< between two additions: what was added shows first
  Nanoseconds calm = std::chrono::seconds(30);   ///< the lag was far below the target for so long: one less
};

/// Grows with the lag, as a horizontal pod autoscaler does (workers * lag / target, at most twice as many at once), and
/// shrinks one by one.
class Scaling {
 public:
  explicit Scaling(ScalingLimits limits) : limits_(limits) {}
  const ScalingLimits& limits() const { return limits_; }
  void change(ScalingLimits limits) { limits_ = limits; }

  /// The workers wanted from now on. Nothing is known of the lag: as many as before.
  int decide(Nanoseconds now, std::optional<Nanoseconds> lag);
  int wanted() const { return wanted_; }

 private:
  ScalingLimits limits_;
  int wanted_ = 0;  // 0: not begun
  Nanoseconds grown_at_{0};
  std::optional<Nanoseconds> calm_since_;
};

/// Spreads units 0 to units - 1 over the workers evenly (their numbers differ by at most one), moving as few as it can.
std::map<std::string, std::set<int>> spread(int units, const std::vector<std::string>& workers,
                                            const std::map<std::string, std::set<int>>& now);

/// How old the oldest event is that was published and is not applied, from what was seen of both over time. Published
/// numbers are sampled, so it is exact to the time between two samples.
class LagWatch {
 public:
  using Numbers = std::map<std::string, std::int64_t>;  ///< by stream

  struct Lag {
    Nanoseconds age{0};
    std::int64_t events = 0;
  };
  Lag observe(Nanoseconds now, const Numbers& published, const Numbers& applied);

 private:
  struct Mark {
    Nanoseconds at;
    std::int64_t number;  ///< the highest one then
  };
  std::map<std::string, std::vector<Mark>> marks_;  // ascending; above what was applied
};

}  // namespace tidegate::platform
