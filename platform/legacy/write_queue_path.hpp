#pragma once
// Switch `sync_writes`: the payment, its ledger entry, its authorization code, its fee and its line for reconciliation
// are written one after the other before the answer, by a database that flushes one payment at a time. Source:
// FinPulse, whose acknowledgements stopped near 500 a second while 3,400 writes were pending, and whose queue took
// minutes to drain.

#include <memory>

#include "base/time.hpp"
#include "platform/gateway/payment_path.hpp"
#include "platform/service/metrics.hpp"

namespace tidegate::platform {

inline constexpr double kFlushesPerSecond = 500;
/// Beyond it a write is refused; its caller has given up long before.
inline constexpr std::size_t kMostPendingWrites = 3'400;

class WriteQueuePath final : public PaymentPath {
 public:
  /// `scale` of the 500 a second. Adds the gauge legacy_write_queue_depth.
  WriteQueuePath(std::unique_ptr<PaymentPath> next, Metrics& metrics, double scale);
  asio::awaitable<http::Response> pay(PaymentCommand command) override;
  asio::awaitable<void> stop() override { return next_->stop(); }

 private:
  std::unique_ptr<PaymentPath> next_;
  const Nanoseconds flush_;
  Nanoseconds free_at_{0};
  std::atomic<std::size_t> pending_{0};
};

}  // namespace tidegate::platform
