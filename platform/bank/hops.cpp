#include "platform/bank/hops.hpp"

#include <algorithm>

namespace tidegate::platform {

Nanoseconds hop_delay(std::string_view service, int others) noexcept {
  struct Slowness {
    std::int64_t idle_us, peak_us, calls_at_peak;
  };
  constexpr Slowness provider{88'000, 420'000, 168};
  constexpr Slowness fraud_engine{480'000, 3'200'000, 320};
  const Slowness& slow = service == "fraud-engine" ? fraud_engine : provider;
  const std::int64_t us = slow.idle_us + (slow.peak_us - slow.idle_us) * others / slow.calls_at_peak;
  return std::chrono::microseconds(std::min(us, slow.peak_us));
}

int* Hops::calls_of(const std::string& service) {
  const auto known = calls_.find(service);
  if (known != calls_.end()) return &known->second;
  const bool is_name = !service.empty() && service.size() <= 32 &&
                       service.find_first_not_of("abcdefghijklmnopqrstuvwxyz-_") == std::string::npos;
  if (!is_name || calls_.size() >= kMostServices) return nullptr;
  return &calls_[service];
}

}  // namespace tidegate::platform
