#pragma once
// One ascending number for everything that the gateway's database commits: payments and operations (their id) and state
// changes. It is the order of the commits, because only the writer thread takes numbers; it may have holes.

#include <algorithm>
#include <atomic>
#include <cstdint>

namespace tidegate::platform {

/// Numbers are milliseconds since the epoch (43 bits), a counter (16 bits) and the shard (4 bits), so that ids ascend
/// in time and across restarts, also when the machine's clock was set back, and those of two shards are never the same.
class CommitSequence {
 public:
  static constexpr int kCounterBits = 16;
  static constexpr int kShardBits = 4;
  static constexpr std::int64_t kStep = std::int64_t{1} << kShardBits;

  explicit CommitSequence(int shard = 0) : shard_(shard), last_taken_(shard) {}
  static int shard_of(std::int64_t number) { return static_cast<int>(number & (kStep - 1)); }
  /// The first number of a millisecond.
  static std::int64_t first_of(std::int64_t unix_ms) { return unix_ms << (kCounterBits + kShardBits); }

  /// Once, with the highest number in the database.
  void resume_after(std::int64_t last) { last_taken_ = own(last), last_committed_ = last; }
  /// On the writer thread, inside a unit of work.
  std::int64_t take(std::int64_t now_ms) {
    return last_taken_ = std::max(last_taken_ + kStep, first_of(now_ms) | shard_);
  }
  /// On the writer thread: every number taken from now on is above this one.
  void stay_above(std::int64_t number) { last_taken_ = std::max(last_taken_, own(number)); }
  /// After the commit, on the writer thread, before anything is acknowledged.
  void committed(std::int64_t number) {
    if (number > last_committed_.load(std::memory_order_relaxed)) {
      last_committed_.store(number, std::memory_order_release);
    }
  }
  /// Any reader that begins after this call sees everything up to it. Thread-safe.
  std::int64_t last_committed() const { return last_committed_.load(std::memory_order_acquire); }

 private:
  /// The number of this shard in the same step, or the next one's: never below.
  std::int64_t own(std::int64_t number) const {
    const std::int64_t aligned = (number & ~(kStep - 1)) | shard_;
    return aligned < number ? aligned + kStep : aligned;
  }

  const std::int64_t shard_;
  std::int64_t last_taken_;
  std::atomic<std::int64_t> last_committed_{0};
};

}  // namespace tidegate::platform
