#pragma once
// The search for the highest rate at which gates hold. Sans I/O: it says which rate to play next, and is told what the
// gates made of it.
//
//   start ──x2──x2──x2── breaks ──halves of (holds, breaks)── confirm ──> [holds, breaks)
//                                                    ▲                │ broke: one precision step lower
//                                                    └────────────────┘
//
// The answer is an interval: the highest rate that was confirmed, and the lowest that was seen to break (or the cap).

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.hpp"

namespace tidegate::loadgen {

/// What the user asks for. Times are whole seconds.
struct CapacityPlan {
  double start_rate = 0, max_rate = 0;             ///< per second
  Nanoseconds settle = std::chrono::seconds(5);    ///< at a new rate, before it is measured
  Nanoseconds measure = std::chrono::seconds(15);  ///< what the gates look at
  Nanoseconds confirm = std::chrono::seconds(30);  ///< the same, for the answer
  double precision = 0.05;                         ///< the search ends when the interval is this narrow
  std::vector<std::string> gates;                  ///< that must hold
};

/// What the gates made of a rate.
enum class StepVerdict : std::uint8_t {
  holds,
  breaks,
  undecided,  ///< too little was known, or the generator was at its own limit: the rate cannot count as held
};
std::string_view to_string(StepVerdict verdict) noexcept;

struct CapacityStep {
  double rate = 0;
  Nanoseconds settle{0}, measure{0};
  bool confirming = false;
};

struct CapacityAnswer {
  double holds = 0;              ///< per second: confirmed; 0: not even the start rate held
  std::optional<double> breaks;  ///< per second: the lowest rate that did not hold; none: the cap held
  bool confirmed = false;        ///< false: the time ran out first
  bool generator_limit = false;  ///< the lowest rate that did not hold was undecided, not broken
};

class CapacitySearch {
 public:
  explicit CapacitySearch(const CapacityPlan& plan);

  /// The step to play now; nullopt when the search has ended.
  std::optional<CapacityStep> step() const;
  /// What became of step().
  void judge(StepVerdict verdict);
  /// The time is over.
  void stop() { ended_ = true; }
  CapacityAnswer answer() const;

 private:
  enum class Stage : std::uint8_t { climb, halve, confirm };
  double highest_held() const;
  void narrow();
  void begin_confirming();

  CapacityPlan plan_;
  Stage stage_ = Stage::climb;
  double rate_;
  std::vector<double> held_;
  std::optional<double> broke_;
  bool broke_undecided_ = false, confirmed_ = false, ended_ = false;
};

}  // namespace tidegate::loadgen
