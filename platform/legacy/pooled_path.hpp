#pragma once
// Switch `pool_35`: every payment holds one of 35 database connections for as long as it takes, remote calls included.
// Source: PayStream, where such a pool was full after 3.4 s of the peak.

#include <memory>

#include "base/time.hpp"
#include "platform/gateway/payment_path.hpp"
#include "platform/legacy/connection_pool.hpp"
#include "platform/service/metrics.hpp"

namespace tidegate::platform {

inline constexpr std::size_t kLegacyConnections = 35;
/// As long as a provider call may take; callers of the case study gave up after 800 ms.
inline constexpr auto kLegacyAcquireLimit = std::chrono::seconds(2);

class PooledPath final : public PaymentPath {
 public:
  /// Adds the gauges legacy_pool_in_use and legacy_pool_waiting.
  PooledPath(std::unique_ptr<PaymentPath> next, Metrics& metrics);
  asio::awaitable<http::Response> pay(PaymentCommand command) override;
  asio::awaitable<void> stop() override;

 private:
  std::unique_ptr<PaymentPath> next_;
  ConnectionPool pool_{kLegacyConnections, kLegacyAcquireLimit};
};

}  // namespace tidegate::platform
