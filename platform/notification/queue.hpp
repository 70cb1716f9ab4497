#pragma once
// Which delivery goes next: the urgent before the promotional, and yet nobody starves. Pure; times come from the
// caller.
//
// Each lane is a queue by due time. Of nine picks while all lanes have due work, six are urgent, two normal, one
// promotional; a lane without due work passes its turn on. Source: the PayNest case study, whose tiers of a task queue
// let urgent confirmations wait behind promotions; Order::by_time is that.

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.hpp"

namespace tidegate::platform {

/// The numbers are stored.
enum class Priority : std::int64_t { urgent = 0, normal = 1, promotional = 2 };
std::optional<Priority> priority_from(std::string_view name) noexcept;
std::string_view to_string(Priority priority) noexcept;

class DeliveryQueue {
 public:
  static constexpr std::size_t kLanes = 3;
  static constexpr std::size_t kMostPerEndpoint = 8;  ///< in flight: a slow endpoint does not hold the others up

  enum class Order : std::uint8_t {
    by_turns,  ///< as above
    by_time,   ///< whatever was due first, of whichever lane
  };
  explicit DeliveryQueue(Order order = Order::by_turns) : order_(order) {}

  struct Item {
    std::int64_t delivery = 0;
    std::string endpoint;
    Priority priority = Priority::normal;
  };

  void add(Item item, Nanoseconds due);
  /// The next delivery that is due; it counts as in flight until finished().
  std::optional<Item> take(Nanoseconds now);
  void finished(const Item& item);
  /// When the next one is due; nothing when there is none.
  std::optional<Nanoseconds> next_due() const;
  std::size_t size() const;
  /// Since when the oldest of a lane has been due, or when it will be; nothing when the lane is empty.
  std::optional<Nanoseconds> oldest(Priority priority) const;

 private:
  using Lane = std::multimap<Nanoseconds, Item>;
  std::optional<Item> take_from(Lane& lane, Nanoseconds now);
  std::optional<Item> take_oldest(Nanoseconds now);

  const Order order_;
  std::array<Lane, kLanes> lanes_;
  std::map<std::string, std::size_t> in_flight_;  // by endpoint
  std::size_t turn_ = 0;
};

/// `first` doubled per failure up to `longest`, of which a random half is taken off; `failures` from 1. Full jitter on
/// the upper half keeps the deliveries of one outage from coming back together.
Nanoseconds delivery_back_off(std::uint64_t delivery, std::int64_t failures, Nanoseconds first,
                              Nanoseconds longest) noexcept;

}  // namespace tidegate::platform
