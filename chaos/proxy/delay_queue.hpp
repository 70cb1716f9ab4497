#pragma once
// Bytes that a proxy has read and not yet written, in order, each with the earliest time to leave. Sans-I/O.

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.hpp"
#include "chaos/proxy/protocol_filter.hpp"

namespace tidegate::chaos {

/// Bounded by its user: once `full()`, nothing more should be read from the source. Not thread-safe. Times are of one
/// monotonic clock.
class DelayQueue {
 public:
  /// 300 ms at 100 Mbit/s is 3.75 MB; beyond the limit the sender feels back-pressure.
  static constexpr std::size_t kMaximumBytes = 4 * 1024 * 1024;
  static constexpr std::size_t kMaximumChunks = 16 * 1024;

  struct Chunk {
    std::string bytes;
    std::uint64_t index = 0;  ///< of the chunk on its direction
    Nanoseconds arrived{0};
    Nanoseconds due{0};
    MessageHolds holds;      ///< of the message in it, beside what its place says
    bool continued = false;  ///< a later piece of the same read
  };

  /// A chunk never overtakes the one before: its due time is at least that one's.
  void push(Chunk chunk);
  bool empty() const noexcept { return chunks_.empty(); }
  bool full() const noexcept { return bytes_ >= kMaximumBytes || chunks_.size() >= kMaximumChunks; }
  std::size_t bytes() const noexcept { return bytes_; }
  std::optional<Nanoseconds> next_due() const;
  /// When the last chunk leaves; zero when empty.
  Nanoseconds last_due() const { return chunks_.empty() ? Nanoseconds{0} : chunks_.back().due; }
  /// What is left of the first chunk when it may leave, else empty.
  std::string_view ready(Nanoseconds now) const;
  /// Takes bytes that `ready` showed.
  void consume(std::size_t count);
  /// Gives every chunk the time that the function answers, which is told that of the chunk before.
  using DueOf = std::function<Nanoseconds(const Chunk&, Nanoseconds previous)>;
  void reschedule(Nanoseconds before_first, const DueOf& due_of);
  void clear() noexcept;

 private:
  std::deque<Chunk> chunks_;
  std::size_t front_sent_ = 0;
  std::size_t bytes_ = 0;
};

}  // namespace tidegate::chaos
