#pragma once
// Payment states that are not what they are.
//
// Switch `local_cache_5m`: each of 15 processes keeps what it read for 5 minutes, and nobody tells the others. Source:
// PayStream, where 18 % of the look-ups were stale.
// Switch `stale_replica_15s`: states come from a replica that is behind. Source: PayNest, 15 s at its busiest.

#include <array>
#include <deque>
#include <string>
#include <unordered_map>

#include "base/time.hpp"
#include "platform/gateway/status_answers.hpp"
#include "platform/service/metrics.hpp"

namespace tidegate::platform {

/// A request goes to one of the processes at random.
class PrivateCaches final : public StatusAnswers {
 public:
  static constexpr std::size_t kProcesses = 15;
  static constexpr Nanoseconds kLifetime = std::chrono::minutes(5);
  static constexpr std::size_t kEntries = 20'000;  ///< of each

  /// Adds the counters legacy_cache_lookups_total and legacy_cache_stale_total.
  explicit PrivateCaches(Metrics& metrics);
  http::Response show(std::int64_t payment, http::Response fresh) override;

 private:
  struct Entry {
    http::Response response;
    Nanoseconds until{0};
  };
  struct Process {
    std::unordered_map<std::int64_t, Entry> entries;
    std::deque<std::int64_t> order;
  };
  std::array<Process, kProcesses> processes_;
  std::uint64_t lookups_made_ = 0;
  Counter& lookups_;
  Counter& stale_;
};

/// A change is not seen before it is 15 s old.
class StaleReplica final : public StatusAnswers {
 public:
  static constexpr std::int64_t kBehindMs = 15'000;
  http::Response show(std::int64_t payment, http::Response fresh) override;
};

}  // namespace tidegate::platform
