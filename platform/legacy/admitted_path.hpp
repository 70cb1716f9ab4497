#pragma once
// A payment path behind a gate of its own: a provisioned store (switch `store_throttle_4000`), a rate limit that
// somebody got wrong (`wrong_rate_limit`), sessions in memory (`memory_sessions`).

#include <functional>
#include <memory>
#include <optional>

#include "platform/gateway/payment_path.hpp"

namespace tidegate::platform {

/// Nothing: the payment may go on.
using Admission = std::function<std::optional<http::Response>(const PaymentCommand&)>;

class AdmittedPath final : public PaymentPath {
 public:
  AdmittedPath(std::unique_ptr<PaymentPath> next, Admission admission)
      : next_(std::move(next)), admission_(std::move(admission)) {}
  asio::awaitable<http::Response> pay(PaymentCommand command) override;
  asio::awaitable<void> stop() override { return next_->stop(); }

 private:
  std::unique_ptr<PaymentPath> next_;
  const Admission admission_;
};

}  // namespace tidegate::platform
