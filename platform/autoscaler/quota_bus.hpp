#pragma once
// What one worker process may take in: events a second over all its consumers, as a pod's CPU quota bounds it.

#include <memory>

#include "platform/bus/event_bus.hpp"

namespace tidegate::platform {

/// A bucket of tokens that fills with time, one second's worth at most.
class Quota {
 public:
  explicit Quota(int per_second) : per_second_(per_second) {}
  /// How many of those wanted may be taken now.
  std::size_t take(std::size_t wanted, Nanoseconds now);
  void give_back(std::size_t unused) { tokens_ += static_cast<double>(unused); }

 private:
  const double per_second_;
  double tokens_ = 0;
  Nanoseconds filled_at_{0};
};

/// The quota of a process. Null for 0: no limit.
class SharedQuota;
std::shared_ptr<SharedQuota> make_shared_quota(int events_per_second);

/// The bus whose consumers share the quota; its producers are the inner one's. The inner one itself without a quota.
std::unique_ptr<EventBus> make_quota_bus(std::unique_ptr<EventBus> inner, std::shared_ptr<SharedQuota> quota);

}  // namespace tidegate::platform
