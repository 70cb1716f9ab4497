#pragma once
// The synchronous services that the legacy platform asks before every payment (availability, FX, identity, fraud), as
// slow as the FinPulse case found them: 88 ms at low load, 420 ms at its peak.

#include <map>
#include <string>

#include "base/time.hpp"

namespace tidegate::platform {

/// The delay of a call while `others` calls of the same service are in progress: linear from 88 ms, capped at 420 ms.
/// The slope follows from the case by Little's law: at its peak of 400/s, calls of 420 ms are 168 at once.
Nanoseconds hop_delay(int others) noexcept;

/// Counts the calls in progress, per service. Not thread-safe.
class Hops {
 public:
  static constexpr std::size_t kMostServices = 32;
  /// One call, for as long as it lives.
  class Call {
   public:
    explicit Call(int& calls) : calls_(calls) { ++calls_; }
    ~Call() { --calls_; }
    Call(const Call&) = delete;
    Call& operator=(const Call&) = delete;

   private:
    int& calls_;
  };
  /// The counter of the service; nothing when the name is no name (lower-case letters, '-' and '_', at most 32).
  int* calls_of(const std::string& service);

 private:
  std::map<std::string, int> calls_;
};

}  // namespace tidegate::platform
