#pragma once
// Two kinds of waiting. Deadlines of requests are many, nearly never met, and coarse: a wheel, O(1) each way. Sleeps
// (think times, polls, retries) are met, to the microsecond: a heap.

#include <algorithm>
#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "base/time.hpp"

namespace tidegate::loadgen {

/// Placed in what waits; leaves the wheel when destroyed.
class DeadlineNode {
 public:
  DeadlineNode() = default;
  DeadlineNode(const DeadlineNode&) = delete;
  DeadlineNode& operator=(const DeadlineNode&) = delete;
  ~DeadlineNode() { unlink(); }

  bool linked() const noexcept { return next_ != nullptr; }
  void unlink() noexcept;

 private:
  friend class DeadlineWheel;
  void link_before(DeadlineNode& place) noexcept;
  DeadlineNode* previous_ = nullptr;
  DeadlineNode* next_ = nullptr;
  Nanoseconds deadline_{0};
};

/// Fires between a deadline and kTick after it.
class DeadlineWheel {
 public:
  static constexpr Nanoseconds kTick = std::chrono::milliseconds(4);

  DeadlineWheel();
  /// An unlinked node.
  void add(DeadlineNode& node, Nanoseconds deadline) noexcept;
  /// Takes one node whose deadline has passed; null when there is none at that time.
  DeadlineNode* take_expired(Nanoseconds now) noexcept;
  /// When to look again.
  Nanoseconds next_tick() const noexcept { return kTick * (looked_at_ + 1); }

 private:
  static constexpr std::size_t kSlots = 512;
  std::array<DeadlineNode, kSlots> slots_;  // heads of rings
  DeadlineNode expired_;
  std::int64_t looked_at_ = -1;  // the last tick that was swept
};

/// Times to wake something at, earliest first, of equal ones the first added.
template <typename Sleeper>
class SleepHeap {
 public:
  struct Entry {
    Nanoseconds time;
    std::uint64_t order;
    Sleeper* sleeper;
    std::uint64_t ticket;  ///< the sleeper's own, to tell a sleep from a later one
    bool operator>(const Entry& other) const { return time != other.time ? time > other.time : order > other.order; }
  };
  void push(Nanoseconds time, Sleeper* sleeper, std::uint64_t ticket);
  std::optional<Entry> take_due(Nanoseconds now);
  std::optional<Nanoseconds> next() const;

 private:
  std::vector<Entry> heap_;
  std::uint64_t order_ = 0;
};

template <typename Sleeper>
void SleepHeap<Sleeper>::push(Nanoseconds time, Sleeper* sleeper, std::uint64_t ticket) {
  heap_.push_back({time, order_++, sleeper, ticket});
  std::push_heap(heap_.begin(), heap_.end(), std::greater<>{});
}

template <typename Sleeper>
std::optional<typename SleepHeap<Sleeper>::Entry> SleepHeap<Sleeper>::take_due(Nanoseconds now) {
  if (heap_.empty() || heap_.front().time > now) return std::nullopt;
  std::pop_heap(heap_.begin(), heap_.end(), std::greater<>{});
  const Entry entry = heap_.back();
  heap_.pop_back();
  return entry;
}

template <typename Sleeper>
std::optional<Nanoseconds> SleepHeap<Sleeper>::next() const {
  if (heap_.empty()) return std::nullopt;
  return heap_.front().time;
}

}  // namespace tidegate::loadgen
