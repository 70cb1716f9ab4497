#pragma once
// Switch `client_retry_storm`: whoever gets an error repeats the payment at once, without a pause. It stands for the
// SDK in front of the platform. Source: PayStream, whose SDK raised the failures by 143 % within 90 s.

#include <memory>

#include "platform/gateway/payment_path.hpp"
#include "platform/service/metrics.hpp"

namespace tidegate::platform {

inline constexpr int kImmediateRetries = 5;

class RetryingPath final : public PaymentPath {
 public:
  /// Adds the counters legacy_client_attempts_total and legacy_client_failures_total.
  RetryingPath(std::unique_ptr<PaymentPath> next, Metrics& metrics);
  asio::awaitable<http::Response> pay(PaymentCommand command) override;
  asio::awaitable<void> stop() override;

 private:
  std::unique_ptr<PaymentPath> next_;
  Counter& attempts_;
  Counter& failures_;
  bool stopping_ = false;
};

}  // namespace tidegate::platform
