#pragma once
// The synchronous services that the legacy platforms ask before every payment, as slow as the cases found them:
// FinPulse's availability, FX, identity and fraud 88 ms on average at low load and 420 ms at its peak; PayStream's
// `fraud-engine` 480 ms and 3.2 s.

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "base/random.hpp"
#include "base/time.hpp"

namespace tidegate::platform {

/// The mean delay of a call while `others` calls of the same service are in progress: linear, capped at the peak's. The
/// slope follows from the case by Little's law: at FinPulse's peak of 400/s, calls of 420 ms are 168 at once; at
/// PayStream's of 100/s, calls of 3.2 s are 320.
Nanoseconds mean_hop_delay(std::string_view service, int others) noexcept;

/// The delay of one call. FinPulse's calls vary about their mean as an Erlang distribution of four phases does: four
/// calls in a row at the peak are then 1.7 s on average, and one in a hundred takes the 2.8 s that the case measured.
/// PayStream's take the mean.
Nanoseconds hop_delay(std::string_view service, int others, Draws draws) noexcept;

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
  /// Of the next call: they depend on how many there were before.
  Draws next_draws() noexcept { return {0, kHopStream, begun_++}; }

 private:
  static constexpr std::uint64_t kHopStream = 2;
  std::map<std::string, int> calls_;
  std::uint64_t begun_ = 0;
};

}  // namespace tidegate::platform
