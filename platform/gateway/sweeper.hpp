#pragma once
// What time does to a shard: authorizations lapse, idempotency keys are merged into their index and forgotten. In small
// steps, so that no client's commit waits behind it.

#include <atomic>
#include <memory>

#include "base/asio.hpp"
#include "platform/gateway/payment_reports.hpp"
#include "platform/gateway/shards.hpp"

namespace tidegate::platform {

/// On the service's loop. The shard and the reports outlive it.
class Sweeper {
 public:
  static constexpr Nanoseconds kEvery = std::chrono::milliseconds(100);

  Sweeper(asio::any_io_executor loop, Shard& shard, PaymentReports& reports);
  void start();
  /// Ends the waits; what was submitted to the store still runs.
  void stop();
  /// One round, by the clock given. Public for tests.
  void sweep(std::int64_t now_ms);

 private:
  asio::awaitable<void> run();
  void lapse_authorizations(std::int64_t now_ms);
  void tidy_keys(std::int64_t now_ms);

  Shard& shard_;
  PaymentReports& reports_;
  asio::steady_timer timer_;
  bool stopping_ = false;
  std::shared_ptr<std::atomic<bool>> tidying_ = std::make_shared<std::atomic<bool>>(false);  // it may end after this
};

}  // namespace tidegate::platform
