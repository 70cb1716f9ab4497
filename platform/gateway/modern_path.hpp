#pragma once
// A payment in one transaction: idempotency key, payment row and outbox event commit together, then it is answered 202.
// Everything else happens behind the events.

#include "platform/gateway/payment_path.hpp"
#include "platform/gateway/shards.hpp"

namespace tidegate::platform {

/// Used on one loop. The shards outlive it.
class ModernPath final : public PaymentPath {
 public:
  explicit ModernPath(Shards& shards) : shards_(shards) {}

  asio::awaitable<http::Response> pay(PaymentCommand command) override;
  asio::awaitable<void> stop() override { co_return; }

 private:
  Shards& shards_;
};

}  // namespace tidegate::platform
