#pragma once
// Settles attempts with the bank: many at once, within a bound, each until its outcome is committed.

#include <atomic>
#include <deque>
#include <set>

#include "base/asio.hpp"
#include "platform/acquiring/attempts.hpp"
#include "platform/acquiring/bank_link.hpp"
#include "platform/outbox/outbox.hpp"
#include "platform/service/metrics.hpp"
#include "platform/store/store.hpp"

namespace tidegate::platform {

/// Lives on one loop: all calls there. Attempts are rows already, so whatever is left undone by stop() or by a crash is
/// resumed by the next process.
class Charger {
 public:
  static constexpr std::size_t kAtOnce = 512;

  Charger(asio::any_io_executor executor, Store& store, Outbox& outbox, BankLink& link, Metrics& metrics);
  Charger(const Charger&) = delete;
  Charger& operator=(const Charger&) = delete;

  void submit(Attempt attempt, bool resumed);
  /// Attempts without an outcome, waiting or in flight. Thread-safe.
  std::size_t open() const { return open_; }
  /// Starts nothing new, ends the waits, gives calls in flight up to the limit, then aborts them and
  /// waits once more as long.
  asio::awaitable<void> stop(Nanoseconds limit);

 private:
  struct Waiting {
    Attempt attempt;
    bool resumed = false;
  };
  void start_next();
  asio::awaitable<void> settle(Waiting waiting);
  void tell_unsettled(const Attempt& attempt, const BankAnswer& answer);
  /// True when the outcome is committed.
  asio::awaitable<bool> write_result(Attempt attempt, BankAnswer answer);
  asio::awaitable<void> pause(Nanoseconds length);
  asio::awaitable<void> wait_until_idle(Nanoseconds limit);

  asio::any_io_executor executor_;
  Store& store_;
  Outbox& outbox_;
  BankLink& link_;
  Counter& calls_;
  Counter& unsettled_;
  Counter& approved_;
  Counter& declined_;
  std::deque<Waiting> waiting_;
  std::set<asio::steady_timer*> pauses_;
  std::size_t in_flight_ = 0;
  std::atomic<std::size_t> open_{0};
  bool stopping_ = false;
  Nanoseconds told_at_{std::chrono::seconds(-1)};
};

}  // namespace tidegate::platform
