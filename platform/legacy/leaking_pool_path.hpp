#pragma once
// Switch `shared_pool_leak`: a background worker shares the requests' connections and never gives its own back. Source:
// LedgerFlow, where a leak in the reconciliation worker took the dashboards and the API with it.

#include <memory>
#include <vector>

#include "platform/gateway/payment_path.hpp"
#include "platform/legacy/connection_pool.hpp"
#include "platform/service/metrics.hpp"

namespace tidegate::platform {

/// The worker wants a connection this often: 35 of them last for 10 s. Then nobody has one, until it is restarted.
inline constexpr auto kLeakEvery = std::chrono::milliseconds(300);
inline constexpr auto kWorkerLives = std::chrono::seconds(30);

class LeakingPoolPath final : public PaymentPath {
 public:
  /// Adds the gauges legacy_pool_in_use and legacy_pool_waiting.
  LeakingPoolPath(std::unique_ptr<PaymentPath> next, asio::io_context& loop, Metrics& metrics);
  asio::awaitable<http::Response> pay(PaymentCommand command) override;
  asio::awaitable<void> stop() override;

 private:
  asio::awaitable<void> leak();

  std::unique_ptr<PaymentPath> next_;
  ConnectionPool pool_;
  std::vector<ConnectionPool::Lease> leaked_;
  asio::steady_timer timer_;
  bool stopping_ = false, leaking_ = true;
};

}  // namespace tidegate::platform
