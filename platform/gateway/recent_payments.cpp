#include "platform/gateway/recent_payments.hpp"

namespace tidegate::platform {

void RecentPayments::add(Payment payment) {
  const auto id = payment.id;
  if (!payments_.insert_or_assign(id, std::move(payment)).second) return;
  order_.push_back(id);
  if (order_.size() <= capacity_) return;
  payments_.erase(order_.front());
  order_.pop_front();
}

void RecentPayments::change(const PaymentChange& change) {
  const auto found = payments_.find(change.payment);
  if (found == payments_.end() || found->second.updated_sequence >= change.sequence) return;
  found->second.state = change.to;
  found->second.updated_at_ms = change.at_ms;
  found->second.updated_sequence = change.sequence;
}

const Payment* RecentPayments::find(std::int64_t id) const {
  const auto found = payments_.find(id);
  return found == payments_.end() ? nullptr : &found->second;
}

}  // namespace tidegate::platform
