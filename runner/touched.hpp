#pragma once
// Which requests the faults touched: marks them in the operation history, and compares them with those of the same
// seconds that were left alone.

#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "chaos/timeline.hpp"
#include "chaos/touch.hpp"

namespace tidegate::runner {

class TouchedRequests {
 public:
  /// The faults in the order of the scenario: their places are the bits of record::Operation::touched (the last bit
  /// stands for every fault from the 64th on).
  explicit TouchedRequests(std::vector<std::string> faults);

  /// Thread-safe.
  void add(const std::string& fault, const std::vector<chaos::Touch>& touches);

  using Emit = std::function<void(std::string_view type, json::object fields)>;
  /// Marks the history at `path`, once load has ended, and emits a fault_touched per fault that touched an operation:
  /// the latest attempt of its key, or of its trace id, that had been sent by then. `progress` says when faults were
  /// on.
  Result<void> mark(const std::string& path, RunClock clock, const std::vector<chaos::FaultProgress>& progress,
                    const Emit& emit);

 private:
  struct Entry {
    std::uint64_t message = 0;
    std::size_t fault = 0;
    Nanoseconds at{0};
  };
  std::vector<std::string> faults_;
  std::mutex mutex_;
  std::vector<Entry> entries_;
};

}  // namespace tidegate::runner
