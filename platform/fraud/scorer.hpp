#pragma once
// Asks the fraud model about payments, many in one call, off the authorization path; commits the decisions.

#include <deque>
#include <functional>

#include "platform/fraud/decisions.hpp"
#include "platform/outbox/outbox.hpp"
#include "platform/service/metrics.hpp"
#include "platform/worker/peer_client.hpp"

namespace tidegate::platform {

/// Lives on one loop. Open decisions are rows already, so what stop() or a crash leaves undone is resumed. A model that
/// is slow, broken or away costs its answer alone: the rules decide (its breaker opens as any provider's).
class Scorer {
 public:
  static constexpr std::size_t kTogether = 64;  ///< payments in one call
  static constexpr int kAtOnce = 4;             ///< calls
  static constexpr Nanoseconds kTimeout = std::chrono::milliseconds(500);

  Scorer(asio::any_io_executor executor, Store& store, Outbox& outbox, PeerDirectory& peers, Metrics& metrics,
         std::function<std::shared_ptr<const FraudLimits>()> limits);
  void submit(Decision decision);
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
  std::deque<Decision> waiting_;
  int in_flight_ = 0;
  bool stopping_ = false;
  Counter& cleared_;
  Counter& held_;
  Counter& without_model_;
};

}  // namespace tidegate::platform
