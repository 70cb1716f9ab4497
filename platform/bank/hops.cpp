#include "platform/bank/hops.hpp"

#include <algorithm>

namespace tidegate::platform {
namespace {

struct Slowness {
  std::int64_t idle_us, peak_us, calls_at_peak;
  int phases;  ///< of its Erlang distribution; 0: none
};
constexpr Slowness kProvider{88'000, 420'000, 168, 4};
constexpr Slowness kFraudEngine{480'000, 3'200'000, 320, 0};

const Slowness& slowness_of(std::string_view service) {
  return service == "fraud-engine" ? kFraudEngine : kProvider;
}

}  // namespace

Nanoseconds mean_hop_delay(std::string_view service, int others) noexcept {
  const Slowness& slow = slowness_of(service);
  const std::int64_t us = slow.idle_us + (slow.peak_us - slow.idle_us) * others / slow.calls_at_peak;
  return std::chrono::microseconds(std::min(us, slow.peak_us));
}

Nanoseconds hop_delay(std::string_view service, int others, Draws draws) noexcept {
  const Nanoseconds mean = mean_hop_delay(service, others);
  const int phases = slowness_of(service).phases;
  if (phases == 0) return mean;
  double length = 0;
  for (int phase = 0; phase < phases; ++phase) length += draws.exponential();
  return Nanoseconds(static_cast<std::int64_t>(static_cast<double>(mean.count()) * length / phases));
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
