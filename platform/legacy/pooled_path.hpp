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

/// Adds the gauges legacy_pool_in_use and legacy_pool_waiting. The pool outlives the registry's last scrape.
void export_pool(const ConnectionPool& pool, Metrics& metrics);

class PooledPath final : public PaymentPath {
 public:
  PooledPath(std::unique_ptr<PaymentPath> next, Metrics& metrics, std::size_t connections = kLegacyConnections);
  asio::awaitable<http::Response> pay(PaymentCommand command) override;
  asio::awaitable<void> stop() override;

 private:
  std::unique_ptr<PaymentPath> next_;
  ConnectionPool pool_;
};

}  // namespace tidegate::platform
