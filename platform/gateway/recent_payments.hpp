#pragma once
// The latest payments in memory, so that the polls that follow a payment do not read the database. It is fed after
// commits, in their order, and only ever accelerates: what is not here is read from the store.

#include <cstdint>
#include <deque>
#include <unordered_map>

#include "platform/gateway/payment.hpp"
#include "platform/gateway/payment_table.hpp"

namespace tidegate::platform {

/// Bounded; the oldest leaves first. Used on one thread.
class RecentPayments {
 public:
  explicit RecentPayments(std::size_t capacity = 100'000) : capacity_(capacity) {}

  void add(Payment payment);
  /// A payment that already left is not brought back: its next reader gets it from the store.
  void change(const PaymentChange& change);
  const Payment* find(std::int64_t id) const;
  std::size_t size() const { return payments_.size(); }

 private:
  std::size_t capacity_;
  std::unordered_map<std::int64_t, Payment> payments_;
  std::deque<std::int64_t> order_;
};

}  // namespace tidegate::platform
