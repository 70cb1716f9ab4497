#pragma once
// The latest payments in memory, so that the polls that follow a payment do not read the database. It is fed after
// commits, in their order, and only ever accelerates: what is not here is read from the store.

#include <cstdint>
#include <deque>
#include <functional>
#include <unordered_map>

#include "platform/gateway/payment.hpp"
#include "platform/gateway/payment_table.hpp"
#include "platform/gateway/tenant_scope.hpp"

namespace tidegate::platform {

/// Bounded; the oldest leaves first. Used on one thread.
class RecentPayments {
 public:
  explicit RecentPayments(std::size_t capacity = 100'000) : capacity_(capacity) {
    payments_.reserve(capacity);  // growing stops the loop for as long as all entries take to move
  }

  void add(Payment payment);
  /// A payment that already left is not brought back: its next reader gets it from the store.
  void change(const PaymentChange& change);
  /// Null: not here, or another merchant's.
  const Payment* find(TenantScope scope, std::int64_t id) const;
  /// Forgets this share of them, from 0 to 1, the oldest; returns how many.
  std::size_t evict(double share);
  std::size_t size() const { return payments_.size(); }

  /// Calls `changed` once, at the next change of that payment's state. Returns its name for stop_watching. The payment
  /// need not be here.
  std::uint64_t watch(std::int64_t payment, std::function<void()> changed);
  void stop_watching(std::int64_t payment, std::uint64_t watcher);
  /// Calls all watchers: the end is near.
  void wake_watchers();
  std::size_t watchers() const { return watchers_.size(); }

 private:
  struct Watcher {
    std::uint64_t name = 0;
    std::function<void()> changed;
  };
  void forget_oldest();

  std::size_t capacity_;
  std::unordered_map<std::int64_t, Payment> payments_;
  std::deque<std::int64_t> order_;
  std::unordered_multimap<std::int64_t, Watcher> watchers_;  // by payment
  std::uint64_t next_watcher_ = 1;
};

}  // namespace tidegate::platform
