#pragma once
// Plays a plan against a server and gathers all that the engine hands over, for engine tests.

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "loadgen/engine.hpp"
#include "record/series.hpp"

namespace tidegate::loadgen {

struct PlayOptions {
  int loops = 1;
  Nanoseconds grace = std::chrono::seconds(20);
  bool stop_at_once = false;  ///< stop() right after `stop_after`, not when the plan has ended
  Nanoseconds stop_after{0};
  std::uint64_t seed = 1;
  SegmentChoice segment;
  bool keep_schedule = false;  ///< of the first block: fills Played::targets and intended
  decltype(EngineOptions::memory_left) memory_left;
  decltype(EngineOptions::resolve) resolve;
  Nanoseconds dns_refresh{0};
  double spin = 0;
  std::function<void()> before_start;   ///< when everything is made
  std::function<void()> while_playing;  ///< some 50 times a second
};

struct Played {
  record::SeriesSet series;
  std::vector<record::Operation> operations;
  Progress last;
  bool finished = false;                 ///< the plan ended by itself
  std::uint64_t planned_iterations = 0;  ///< of the drawn schedule

  RunClock clock;
  std::vector<std::string> targets;   ///< of each iteration's first step, as the engine renders it again
  std::vector<Nanoseconds> intended;  ///< its arrival

  using Wanted = std::map<std::string, std::string>;
  /// The sum of a counter over all series that carry these tags, of the seconds [from, to).
  double count(std::string_view metric, const Wanted& tags = {}, std::int32_t from = -1000,
               std::int32_t to = 1000) const;
  /// A histogram over all such series.
  Histogram histogram(std::string_view metric, const Wanted& tags = {}) const;
};

/// The sections' text (flow `a` and a load block are added when missing) against an address. Fails the test when
/// anything but the load itself goes wrong, or when it takes longer than a minute.
Played play(const std::string& sections, const std::string& url, const PlayOptions& options = {});

}  // namespace tidegate::loadgen
