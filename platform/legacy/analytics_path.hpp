#pragma once
// Switch `analytics_on_primary`: reports are computed by the database that takes the payments, and lock it meanwhile.
// Source: the 1K-to-100K case, whose one PostgreSQL served writes and analytics on the same tables.

#include <chrono>
#include <memory>

#include "platform/gateway/payment_path.hpp"
#include "platform/store/store.hpp"

namespace tidegate::platform {

inline constexpr auto kReportEvery = std::chrono::seconds(2);
inline constexpr auto kReportTakes = std::chrono::milliseconds(800);

class AnalyticsPath final : public PaymentPath {
 public:
  AnalyticsPath(std::unique_ptr<PaymentPath> next, asio::io_context& loop, Store& store);
  asio::awaitable<http::Response> pay(PaymentCommand command) override { return next_->pay(std::move(command)); }
  asio::awaitable<void> stop() override;

 private:
  asio::awaitable<void> report();

  std::unique_ptr<PaymentPath> next_;
  Store& store_;
  asio::steady_timer timer_;
  bool stopping_ = false, reporting_ = true;
};

}  // namespace tidegate::platform
