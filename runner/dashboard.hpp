#pragma once
// What a terminal shows while a run goes on: a few lines, painted over once a second.
//
//   steady         12s of 33s  ############------------------  21s left
//   rate    600/s of 600/s     requests 1,198/s   vus 14
//   p50     1.2ms   p99 8.1ms  .:-=+*#%@ last minute, 12ms at most
//   errors  0       dropped 0  late 0, p99 40us   lag 0.2s
//   faults  bank_slow

#include <deque>
#include <string>
#include <vector>

#include "runner/progress.hpp"

namespace tidegate::runner {

/// Pure: what it shows follows from the states it was given.
class Dashboard {
 public:
  /// The lines, none longer than `columns`; no colour codes. Keeps the p99 of the last minute.
  std::vector<std::string> lines(const ProgressState& state, std::size_t columns);

 private:
  std::deque<Nanoseconds> p99_;
};

/// `#` for what is done of `total`, in `columns` characters.
std::string bar(double done, double total, std::size_t columns);
/// One character per value, scaled to the highest; ten heights.
std::string heights(const std::deque<Nanoseconds>& values);

}  // namespace tidegate::runner
