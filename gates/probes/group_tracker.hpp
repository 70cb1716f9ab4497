#pragma once
// The lag of one group on one topic over time: sums and worst values of its partitions, what was lost, and the rules
// that need memory. Pure.

#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "gates/probes/lag_probe.hpp"
#include "gates/probes/partition_lag.hpp"

namespace tidegate::gates {

/// Records that were gone before the group committed them.
struct SkippedRecords {
  int partition = 0;
  std::int64_t committed = 0, low = 0;
  std::uint64_t count = 0;  ///< not told before
};

/// A commit that went back: records are read again.
struct Rewind {
  int partition = 0;
  std::int64_t from = 0, to = 0;
};

/// What one sample says.
struct GroupSample {
  std::vector<PartitionLag> partitions;
  std::uint64_t records = 0;
  std::int64_t end = 0;                     ///< end offsets of all partitions together: grows with every record
  std::optional<double> age_s, read_age_s;  ///< the worst; none when a partition's is not known
  int undefined_partitions = 0;
  std::vector<SkippedRecords> skipped;
  std::optional<double> drain_estimate_s;
  std::vector<Rewind> rewinds;
  std::vector<int> newly_stalled;  ///< partitions whose commit has just been found to stand still
  int stalled_partitions = 0;
  bool stopped = false, resumed = false;  ///< the group as a whole, in the sample in which it changed
};

class GroupTracker {
 public:
  explicit GroupTracker(int partitions) : memory_(static_cast<std::size_t>(partitions)) {}

  /// A commit that the broker does not tell any more (the group is restarting, its coordinator moves) stays known.
  std::optional<std::int64_t> remembered(int partition, std::optional<std::int64_t> committed);

  /// `lags` and `offsets` by partition; `now_s` is any steady time in seconds.
  GroupSample sample(std::vector<PartitionLag> lags, const std::vector<PartitionOffsets>& offsets, double now_s);

 private:
  struct Memory {
    std::optional<std::int64_t> committed;
    std::int64_t told_up_to = 0;       // low watermark up to which skipped records were told
    double age_s = 0, read_age_s = 0;  // last known
    double at_s = 0;
    bool has_age = false;
    std::optional<std::int64_t> position;  // committed as of the sample before
    double moved_at_s = 0;                 // when it last changed, or when there was nothing to do
    bool stalled = false;
  };
  struct Total {
    double at_s;
    std::uint64_t records;
  };
  void watch_progress(GroupSample& result, int partition, const PartitionLag& lag, const PartitionOffsets& offsets,
                      double now_s);
  void grow_unknown_ages(PartitionLag& lag, Memory& memory, double now_s) const;
  std::optional<double> drain_estimate(std::uint64_t records, double now_s);

  std::vector<Memory> memory_;
  std::deque<Total> recent_;
  bool stopped_ = false;
};

}  // namespace tidegate::gates
