#pragma once
// Settles attempts with the bank: many at once, within a bound, each until its outcome is committed.
//
//   attempt -> prepare (identity, rate) -> acquirer's breaker -- open --> next acquirer of the cascade, if nothing
//                                            | closed                     was ever sent to this one
//                                            v
//                                          post, enquire ... (charge_flow.hpp) -- declined, "try elsewhere" --> next
//                                            | final
//                                            v
//                                          result row + event
//
// An unknown outcome is asked about at the same acquirer until it is known; it never moves on.

#include <atomic>
#include <deque>
#include <map>

#include "base/asio.hpp"
#include "platform/acquiring/attempts.hpp"
#include "platform/acquiring/bank_link.hpp"
#include "platform/acquiring/preparation.hpp"
#include "platform/outbox/outbox.hpp"
#include "platform/service/handover.hpp"
#include "platform/service/metrics.hpp"
#include "platform/store/store.hpp"
#include "platform/worker/pauses.hpp"

namespace tidegate::platform {

/// Lives on one loop: all calls there, but for those that say otherwise. Attempts are rows already, so whatever is left
/// undone by stop() or by a crash is resumed by the next process.
class Charger {
 public:
  /// Each holds its place until its result is committed: at 5,000 a second with both stores on one busy disk that took
  /// 150 ms, and 512 places were too few by a third.
  static constexpr std::size_t kAtOnce = 2048;

  struct Parts {
    asio::any_io_executor executor;
    Store& store;
    Outbox& outbox;
    BankLink& link;
    Preparation* preparation;  ///< null: nothing is asked before a charge
    Metrics& metrics;
    Breaker::Trips trips = {};  ///< of each acquirer's breaker
  };
  explicit Charger(Parts parts);
  Charger(const Charger&) = delete;
  Charger& operator=(const Charger&) = delete;

  /// The attempt is a committed row. Thread-safe.
  void submit(Attempt attempt, bool resumed);
  /// As many wait as are under way: no more should be submitted for now. Thread-safe.
  bool busy() const { return open_ >= 2 * kAtOnce; }
  /// What a provider's own message says: resolves an open attempt as an enquiry's answer would. A message that
  /// contradicts a known outcome is reported as acquirer_conflicted, once.
  enum class Heard { resolved, repeated, contradicted, not_known };
  asio::awaitable<Result<Heard>> hear(std::string reference, BankAnswer answer);
  /// Reports authorizations that ran out; how many.
  asio::awaitable<std::size_t> expire(std::int64_t now_ms);
  /// Attempts without an outcome, waiting or in flight. Thread-safe.
  std::size_t open() const { return open_; }
  Breaker::State breaker_state(const std::string& acquirer) const;
  /// Starts nothing new, ends the waits, gives calls in flight up to the limit, then aborts them and
  /// waits once more as long.
  asio::awaitable<void> stop(Nanoseconds limit);

 private:
  struct Waiting {
    Attempt attempt;
    bool resumed = false;
  };
  void take(std::vector<Waiting> submitted);
  void start_next();
  // What the following coroutines refer to belongs to settle(), which awaits them.
  asio::awaitable<void> settle(Waiting waiting);
  /// Fills `rate`; false: the process is stopping. A denial becomes the answer.
  asio::awaitable<bool> prepare(const Attempt& attempt, std::optional<FxRate>& rate, std::optional<BankAnswer>& denial);
  /// Moves the attempt along its cascade until an acquirer's breaker lets it pass; false: the process is stopping.
  asio::awaitable<bool> find_acquirer(Attempt& attempt);
  /// Calls until the outcome is known; nothing: the process is stopping.
  asio::awaitable<std::optional<BankAnswer>> find_out(const Attempt& attempt, bool resumed, bool asked_breaker);
  void tell_unsettled(const Attempt& attempt, const BankAnswer& answer);
  /// The outcome of this attempt and the row of the next, in one transaction; true when it is committed.
  asio::awaitable<bool> move_on(Attempt& attempt, BankAnswer answer);
  /// True when the outcome is committed.
  asio::awaitable<bool> write_result(const Attempt& attempt, BankAnswer answer, std::optional<FxRate> rate);
  asio::awaitable<void> wait_until_idle(Nanoseconds limit);

  Parts parts_;
  Counter& calls_;
  Counter& unsettled_;
  Counter& approved_;
  Counter& declined_;
  Counter& moved_on_;
  Counter& conflicts_;
  Breaker& breaker_of(const std::string& acquirer) {
    return breakers_.try_emplace(acquirer, parts_.trips).first->second;
  }
  std::map<std::string, Breaker> breakers_;  // by acquirer
  Handover<Waiting> submitted_;
  std::deque<Waiting> waiting_;
  Pauses pauses_;
  std::size_t in_flight_ = 0;
  std::atomic<std::size_t> open_{0};
  bool stopping_ = false;
  Nanoseconds told_at_{std::chrono::seconds(-1)};
};

}  // namespace tidegate::platform
