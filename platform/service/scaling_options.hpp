#pragma once
// What an autoscaler is started with, beside what every role is.

#include "base/time.hpp"

namespace tidegate::platform {

struct ScalingOptions {
  int least_workers = 1, most_workers = 10;          ///< processes
  Nanoseconds target_lag = std::chrono::seconds(2);  ///< what it holds the consumers' lag under
  int events_per_second = 0;                         ///< that one worker process may take in; 0: no limit
};

}  // namespace tidegate::platform
