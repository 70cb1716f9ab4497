#pragma once
// When the records of one partition were made: (offsets, timestamp), thinned so that memory follows time, not traffic.

#include <cstdint>
#include <deque>
#include <optional>

namespace tidegate::gates {

/// Not thread-safe. Timestamps are milliseconds since the Unix epoch, as the records carry them. Neighbouring records
/// within the resolution of each other share an entry, so an answer is exact to that resolution. Beyond kMostEntries
/// the resolution doubles, and at last the oldest are forgotten.
class OffsetRing {
 public:
  static constexpr std::size_t kMostEntries = 16'384;
  static constexpr std::int64_t kFinestMilliseconds = 10;
  static constexpr std::int64_t kCoarsestMilliseconds = 10'000;

  /// The next record in the order of the partition. An offset below what was added last starts the ring anew (the
  /// reader was sent back).
  void add(std::int64_t offset, std::int64_t timestamp_ms);
  /// The reader saw that there is nothing below this offset that it did not add.
  void reached(std::int64_t offset);
  /// Offsets below are not asked for any more.
  void forget_below(std::int64_t offset);
  /// Forgets all and waits for records from this offset on.
  void restart_at(std::int64_t offset);

  /// The first record at or after an offset.
  struct Found {
    enum class Where { before, inside, beyond };  ///< of what the ring covers
    Where where = Where::before;
    std::int64_t timestamp_ms = 0;  ///< when inside
  };
  Found find(std::int64_t offset) const;

  bool started() const { return start_.has_value(); }
  /// The offsets covered are [start, next).
  std::int64_t start() const { return start_.value_or(0); }
  std::int64_t next() const { return next_; }
  std::size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    std::int64_t first, last;  // offsets
    std::int64_t timestamp_ms;
  };
  void make_coarser();

  std::deque<Entry> entries_;
  std::optional<std::int64_t> start_;
  std::int64_t next_ = 0;
  std::int64_t resolution_ms_ = kFinestMilliseconds;
};

}  // namespace tidegate::gates
