#pragma once
// Asks the fraud model about payments, many in one call, off the authorization path; commits the decisions.

#include <atomic>
#include <deque>
#include <functional>

#include "platform/fraud/decisions.hpp"
#include "platform/outbox/outbox.hpp"
#include "platform/service/handover.hpp"
#include "platform/service/metrics.hpp"
#include "platform/worker/peer_client.hpp"

namespace tidegate::platform {

/// Lives on one loop: all calls there, but for those that say otherwise. Open decisions are rows already, so what
/// stop() or a crash leaves undone is resumed. A model that is slow, broken or away costs its answer alone: the rules
/// decide (its breaker opens as any provider's).
class Scorer {
 public:
  /// Payments in one call. With 64, and calls and commits that took 80 ms on a full machine, 3,000 decisions a second
  /// were all, and at 5,000 payments the rest queued up.
  static constexpr std::size_t kTogether = 512;
  static constexpr std::size_t kAtOnce = 4;         ///< calls
  static constexpr std::size_t kMostOpen = 32'768;  ///< more wait in the bus, and who reads together with it waits too
  static constexpr Nanoseconds kTimeout = std::chrono::milliseconds(500);

  Scorer(asio::any_io_executor executor, Store& store, Outbox& outbox, PeerDirectory& peers, Metrics& metrics,
         std::function<std::shared_ptr<const FraudLimits>()> limits);
  /// The decision is a committed row. Thread-safe.
  void submit(Decision decision);
  /// Some six seconds at 5,000 a second are open: no more should be submitted for now. Thread-safe.
  bool busy() const { return open_ >= kMostOpen; }
  asio::awaitable<void> stop();

 private:
  void start_next();
  asio::awaitable<void> score(std::vector<Decision> decisions);
  asio::awaitable<void> ask_model(std::vector<Decision>& decisions);
  asio::awaitable<bool> write(std::vector<Decision>& decisions);

  asio::any_io_executor executor_;
  Store& store_;
  Outbox& outbox_;
  PeerClient model_;
  std::function<std::shared_ptr<const FraudLimits>()> limits_;
  Breaker breaker_;
  Handover<Decision> submitted_;
  std::deque<Decision> waiting_;
  std::size_t in_flight_ = 0;  // calls
  std::atomic<std::size_t> open_{0};
  bool stopping_ = false;
  Counter& cleared_;
  Counter& held_;
  Counter& without_model_;
};

}  // namespace tidegate::platform
