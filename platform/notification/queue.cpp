#include "platform/notification/queue.hpp"

#include <algorithm>

#include "base/assert.hpp"
#include "base/random.hpp"

namespace tidegate::platform {
namespace {

constexpr std::array<std::size_t, 9> kTurns{0, 0, 1, 0, 0, 2, 0, 1, 0};
constexpr std::array<std::string_view, DeliveryQueue::kLanes> kNames{"urgent", "normal", "promotional"};
constexpr std::size_t kLookAhead = 64;  // past the deliveries of endpoints that have enough in flight

}  // namespace

std::optional<Priority> priority_from(std::string_view name) noexcept {
  const auto found = std::find(kNames.begin(), kNames.end(), name);
  if (found == kNames.end()) return std::nullopt;
  return static_cast<Priority>(found - kNames.begin());
}

std::string_view to_string(Priority priority) noexcept {
  return kNames[static_cast<std::size_t>(priority)];
}

void DeliveryQueue::add(Item item, Nanoseconds due) {
  lanes_[static_cast<std::size_t>(item.priority)].emplace(due, std::move(item));
}

std::optional<DeliveryQueue::Item> DeliveryQueue::take_from(Lane& lane, Nanoseconds now) {
  std::size_t looked = 0;
  for (auto it = lane.begin(); it != lane.end() && it->first <= now && looked < kLookAhead; ++it, ++looked) {
    std::size_t& busy = in_flight_[it->second.endpoint];
    if (busy >= kMostPerEndpoint) continue;
    ++busy;
    Item item = std::move(it->second);
    lane.erase(it);
    return item;
  }
  return std::nullopt;
}

std::optional<DeliveryQueue::Item> DeliveryQueue::take_oldest(Nanoseconds now) {
  std::array<Lane*, kLanes> by_age{};
  std::ranges::transform(lanes_, by_age.begin(), [](Lane& lane) { return &lane; });
  std::ranges::stable_sort(by_age, {},
                           [](const Lane* lane) { return lane->empty() ? Nanoseconds::max() : lane->begin()->first; });
  for (Lane* lane : by_age) {
    if (auto item = take_from(*lane, now)) return item;
  }
  return std::nullopt;
}

std::optional<DeliveryQueue::Item> DeliveryQueue::take(Nanoseconds now) {
  if (order_ == Order::by_time) return take_oldest(now);
  for (std::size_t tried = 0; tried < kTurns.size(); ++tried) {
    const std::size_t lane = kTurns[turn_];
    turn_ = (turn_ + 1) % kTurns.size();
    if (auto item = take_from(lanes_[lane], now)) return item;
  }
  return std::nullopt;
}

void DeliveryQueue::finished(const Item& item) {
  const auto found = in_flight_.find(item.endpoint);
  TIDEGATE_ASSERT(found != in_flight_.end() && found->second > 0);
  if (--found->second == 0) in_flight_.erase(found);
}

std::optional<Nanoseconds> DeliveryQueue::next_due() const {
  std::optional<Nanoseconds> next;
  for (const Lane& lane : lanes_) {
    if (!lane.empty() && (!next || lane.begin()->first < *next)) next = lane.begin()->first;
  }
  return next;
}

std::optional<Nanoseconds> DeliveryQueue::oldest(Priority priority) const {
  const Lane& lane = lanes_[static_cast<std::size_t>(priority)];
  return lane.empty() ? std::nullopt : std::optional(lane.begin()->first);
}

std::size_t DeliveryQueue::size() const {
  std::size_t size = 0;
  for (const Lane& lane : lanes_) size += lane.size();
  return size;
}

Nanoseconds delivery_back_off(std::uint64_t delivery, std::int64_t failures, Nanoseconds first,
                              Nanoseconds longest) noexcept {
  Nanoseconds full = first;
  for (std::int64_t i = 1; i < failures && full < longest; ++i) full *= 2;
  full = std::min(full, longest);
  return Nanoseconds(Draws(delivery, 1, static_cast<std::uint64_t>(failures)).between(full.count() / 2, full.count()));
}

}  // namespace tidegate::platform
