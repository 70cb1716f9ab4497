#pragma once
// One ascending number for everything that the gateway's database commits: payments (their id) and state changes. It is
// the order of the commits, because only the writer thread takes numbers; it may have holes.

#include <algorithm>
#include <atomic>
#include <cstdint>

namespace tidegate::platform {

/// Numbers are milliseconds since the epoch (43 bits) and a counter (20 bits), so that ids ascend in time and across
/// restarts, also when the machine's clock was set back.
class CommitSequence {
 public:
  static constexpr int kCounterBits = 20;

  /// Once, with the highest number in the database.
  void resume_after(std::int64_t last) { last_taken_ = last, last_committed_ = last; }
  /// On the writer thread, inside a unit of work.
  std::int64_t take(std::int64_t now_ms) { return last_taken_ = std::max(last_taken_ + 1, now_ms << kCounterBits); }
  /// After the commit, on the writer thread, before anything is acknowledged.
  void committed(std::int64_t number) {
    if (number > last_committed_.load(std::memory_order_relaxed)) {
      last_committed_.store(number, std::memory_order_release);
    }
  }
  /// Any reader that begins after this call sees everything up to it. Thread-safe.
  std::int64_t last_committed() const { return last_committed_.load(std::memory_order_acquire); }

 private:
  std::int64_t last_taken_ = 0;
  std::atomic<std::int64_t> last_committed_{0};
};

}  // namespace tidegate::platform
