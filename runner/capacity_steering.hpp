#pragma once
// Steers the capacity searches of a run: plays a rate, lets the gates judge it, plays the next. Called once a second.
//
//   |-- settle --|------ measure ------|- tail -|-- settle --| ...
//                                       judged here, while the rate goes on
//
// After a rate that did not hold, the next one waits until everything is answered, half a minute at most.
//
// Each step is an event `capacity_step` (the knee curve), the answer an event `capacity_found`.

#include <functional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "loadgen/engine.hpp"
#include "runner/capacity_step.hpp"
#include "runner/recording.hpp"

namespace tidegate::runner {

/// On the runner's thread.
class CapacitySteering {
 public:
  /// Judges [from, to) seconds of a search.
  using Judge =
      std::function<Result<CapacityPoint>(const loadgen::PlannedSearch& search, std::int32_t from, std::int32_t to)>;

  CapacitySteering(loadgen::Engine& engine, Recording& recording, Judge judge);

  /// Judges what has been measured, and plays on. An error of the judge ends the search and is told as `probe_failed`.
  void tick(Nanoseconds now);
  /// Load is over: searches that have not ended say what they know.
  void finish();
  /// One line per search that has ended since the last call.
  std::vector<std::string> take_notes() { return std::exchange(notes_, {}); }

 private:
  struct Active {
    loadgen::PlannedSearch planned;
    loadgen::CapacitySearch search;
    Nanoseconds from{0};            // of the step in progress
    Nanoseconds recovers_until{0};  // after a step that did not hold, at the latest
    bool playing = false, ended = false;
    std::optional<record::Window> confirmed;  // the seconds on which the answer stands
  };
  void play(Active& active, Nanoseconds now);
  void judge(Active& active);
  void end(Active& active);

  loadgen::Engine& engine_;
  Recording& recording_;
  Judge judge_;
  std::vector<Active> active_;
  std::vector<std::string> notes_;
};

/// "1,250/s; broke at 1,310/s": the answer in one line.
std::string capacity_text(const loadgen::CapacityAnswer& answer);

}  // namespace tidegate::runner
