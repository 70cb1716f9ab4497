#pragma once
// What is shown while a run goes on: on a terminal a dashboard that is painted over each second (runner/dashboard.hpp),
// elsewhere, and where TERM says dumb, a plain line every five.

#include <memory>
#include <string>
#include <vector>

#include "base/time.hpp"
#include "loadgen/engine.hpp"

namespace tidegate::runner {

struct ProgressState {
  std::string stage;  ///< phase name, or what the run is doing
  Nanoseconds now{0};
  std::int32_t end = 0;  ///< second at which load ends
  loadgen::Progress load;
  double worst_lag_s = -1;  ///< below 0: not known
  std::vector<std::string> active_faults;
};

std::string progress_line(const ProgressState& state);

class Dashboard;

/// Writes to standard error. Not thread-safe.
class ProgressPrinter {
 public:
  explicit ProgressPrinter(bool quiet);
  /// Leaves the terminal on a fresh line.
  ~ProgressPrinter();
  void update(const ProgressState& state);
  /// A line that stays: "stack ready in 0.8 s".
  void note(const std::string& text);

 private:
  bool quiet_, terminal_;
  int since_plain_ = 5;
  std::size_t open_lines_ = 0;  ///< of the dashboard, above the cursor
  std::unique_ptr<Dashboard> dashboard_;
  void clear();
};

}  // namespace tidegate::runner
