#pragma once
// Sends reserved payouts over their networks: many at once, each until its outcome is committed. An unknown outcome is
// enquired about, as for charges (acquiring/charge_flow.hpp); networks de-duplicate by the payout's id.

#include <deque>
#include <map>

#include "platform/acquiring/charge_flow.hpp"
#include "platform/outbox/outbox.hpp"
#include "platform/payouts/payout.hpp"
#include "platform/service/metrics.hpp"
#include "platform/worker/pauses.hpp"
#include "platform/worker/peer_client.hpp"

namespace tidegate::platform {

/// Lives on one loop. What stop() or a crash leaves undone is a reserved row, resumed by the next process.
class Payer {
 public:
  static constexpr std::size_t kAtOnce = 64;

  Payer(asio::any_io_executor executor, Store& store, Outbox& outbox, PeerDirectory& peers, Metrics& metrics);
  void submit(Payout payout, bool resumed);
  asio::awaitable<void> stop();

 private:
  void start_next();
  asio::awaitable<void> pay(Payout payout, bool resumed);
  asio::awaitable<BankAnswer> call(Payout payout, bool enquiry);
  asio::awaitable<bool> write(Payout payout, BankAnswer answer);

  asio::any_io_executor executor_;
  Store& store_;
  Outbox& outbox_;
  PeerClient networks_;
  std::map<std::string, Breaker> breakers_;  // by network
  std::deque<std::pair<Payout, bool>> waiting_;
  Pauses pauses_;
  std::size_t in_flight_ = 0;
  bool stopping_ = false;
  Counter& paid_;
  Counter& failed_;
};

}  // namespace tidegate::platform
