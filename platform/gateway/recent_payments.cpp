#include "platform/gateway/recent_payments.hpp"

#include <cmath>
#include <vector>

namespace tidegate::platform {

void RecentPayments::add(Payment payment) {
  const auto id = payment.id;
  if (!payments_.insert_or_assign(id, std::move(payment)).second) return;
  order_.push_back(id);
  if (order_.size() > capacity_) forget_oldest();
}

void RecentPayments::forget_oldest() {
  payments_.erase(order_.front());
  order_.pop_front();
}

void RecentPayments::change(const PaymentChange& change) {
  const std::int64_t id = change.after.id;
  if (const auto found = payments_.find(id); found != payments_.end()) {
    if (found->second.updated_sequence >= change.after.updated_sequence) return;
    found->second = change.after;
  }
  const auto [first, last] = watchers_.equal_range(id);
  std::vector<std::function<void()>> told;
  for (auto watcher = first; watcher != last; ++watcher) told.push_back(std::move(watcher->second.changed));
  watchers_.erase(first, last);
  for (const auto& changed : told) changed();
}

const Payment* RecentPayments::find(TenantScope scope, std::int64_t id) const {
  const auto found = payments_.find(id);
  return found == payments_.end() || found->second.merchant != scope.merchant ? nullptr : &found->second;
}

std::size_t RecentPayments::evict(double share) {
  const double wanted = std::ceil(std::fmin(std::fmax(share, 0), 1) * static_cast<double>(order_.size()));
  const auto count = static_cast<std::size_t>(wanted);
  for (std::size_t i = 0; i < count; ++i) forget_oldest();
  return count;
}

std::uint64_t RecentPayments::watch(std::int64_t payment, std::function<void()> changed) {
  const std::uint64_t name = next_watcher_++;
  watchers_.emplace(payment, Watcher{name, std::move(changed)});
  return name;
}

void RecentPayments::stop_watching(std::int64_t payment, std::uint64_t watcher) {
  const auto [first, last] = watchers_.equal_range(payment);
  for (auto candidate = first; candidate != last; ++candidate) {
    if (candidate->second.name != watcher) continue;
    watchers_.erase(candidate);
    return;
  }
}

void RecentPayments::wake_watchers() {
  const auto all = std::move(watchers_);
  watchers_.clear();
  for (const auto& [payment, watcher] : all) watcher.changed();
}

}  // namespace tidegate::platform
