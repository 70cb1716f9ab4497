#pragma once
// How the workers do what the case studies' platforms did otherwise. As it stands it is the modern platform;
// platform/legacy makes the others.

#include <cstdint>
#include <functional>

#include "platform/store/store.hpp"
#include "platform/worker/breaker.hpp"

namespace tidegate::platform {

struct Departures {
  Breaker::Trips breaker;             ///< acquiring: when an acquirer is left alone
  std::function<void()> before_post;  ///< ledger: awaited by the writer before each event; empty: nothing
  bool keeps_dead_letters = true;     ///< notification: what was given up can be replayed
  bool urgent_first = true;           ///< notification: what is urgent overtakes what was there before
  /// Reconciliation: adds a row to a merchant's total. False: it does not fit.
  bool (*add_up)(std::int64_t& total, std::int64_t amount) = nullptr;
  int buckets_until_death = 0;                             ///< reconciliation: of 64; 0: it lives
  std::function<Result<void>(Connection&)> audit_log_job;  ///< audit: runs with each signing; empty: nothing
};

}  // namespace tidegate::platform
