#include "platform/bank/hops.hpp"

#include <algorithm>

namespace tidegate::platform {

Nanoseconds hop_delay(int others) noexcept {
  constexpr std::int64_t idle_us = 88'000;
  constexpr std::int64_t peak_us = 420'000;
  constexpr std::int64_t calls_at_peak = 168;
  const std::int64_t us = idle_us + (peak_us - idle_us) * others / calls_at_peak;
  return std::chrono::microseconds(std::min(us, peak_us));
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
