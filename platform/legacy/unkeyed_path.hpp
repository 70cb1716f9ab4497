#pragma once
// Switch `no_idempotency`: every request is a new payment, whatever its key. Source: PayNest, where retries of UPI
// callbacks were charged again.

#include <memory>

#include "platform/gateway/payment_path.hpp"

namespace tidegate::platform {

/// A name for a key that no request has had, and none will.
std::string never_seen(const std::string& key);

class UnkeyedPath final : public PaymentPath {
 public:
  explicit UnkeyedPath(std::unique_ptr<PaymentPath> next) : next_(std::move(next)) {}
  asio::awaitable<http::Response> pay(PaymentCommand command) override;
  asio::awaitable<void> stop() override { return next_->stop(); }

 private:
  std::unique_ptr<PaymentPath> next_;
};

}  // namespace tidegate::platform
