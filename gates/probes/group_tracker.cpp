#include "gates/probes/group_tracker.hpp"

#include <algorithm>

#include "base/assert.hpp"
#include "gates/lag_metrics.hpp"

namespace tidegate::gates {
namespace {

constexpr std::size_t kRecentSamples = 6;  // five intervals

// The worst of two; unknown spoils both.
void take_worst(std::optional<double>& worst, const std::optional<double>& one) {
  if (!one) {
    worst.reset();
  } else if (worst) {
    worst = std::max(*worst, *one);
  }
}

}  // namespace

std::optional<std::int64_t> GroupTracker::remembered(int partition, std::optional<std::int64_t> committed) {
  Memory& memory = memory_.at(static_cast<std::size_t>(partition));
  if (committed) memory.committed = committed;
  return memory.committed;
}

void GroupTracker::grow_unknown_ages(PartitionLag& lag, Memory& memory, double now_s) const {
  if (lag.age_s && lag.read_age_s) {
    memory.age_s = *lag.age_s;
    memory.read_age_s = *lag.read_age_s;
    memory.at_s = now_s;
    memory.has_age = true;
  } else if (memory.has_age && memory.age_s > 0) {
    // Nothing told otherwise: the same record still waits, and grows older.
    if (!lag.age_s) lag.age_s = memory.age_s + (now_s - memory.at_s);
    if (!lag.read_age_s) lag.read_age_s = memory.read_age_s + (now_s - memory.at_s);
  }
}

// Rewinds and standstills. A partition without records to do does not stand still.
void GroupTracker::watch_progress(GroupSample& result, int partition, const PartitionLag& lag,
                                  const PartitionOffsets& offsets, double now_s) {
  Memory& memory = memory_[static_cast<std::size_t>(partition)];
  const bool moved = memory.position != offsets.committed;
  if (memory.position && offsets.committed && *offsets.committed < *memory.position) {
    result.rewinds.push_back({partition, *memory.position, *offsets.committed});
  }
  memory.position = offsets.committed;
  if (moved || lag.records == 0) {
    memory.moved_at_s = now_s;
    memory.stalled = false;
    return;
  }
  if (now_s - memory.moved_at_s < kStallSeconds) return;
  if (!memory.stalled) result.newly_stalled.push_back(partition);
  memory.stalled = true;
  ++result.stalled_partitions;
}

std::optional<double> GroupTracker::drain_estimate(std::uint64_t records, double now_s) {
  recent_.push_back({now_s, records});
  if (recent_.size() > kRecentSamples) recent_.pop_front();
  if (records == 0) return 0;
  const Total& oldest = recent_.front();
  const double elapsed = now_s - oldest.at_s;
  if (elapsed <= 0 || oldest.records <= records) return std::nullopt;  // it does not shrink
  return static_cast<double>(records) / (static_cast<double>(oldest.records - records) / elapsed);
}

GroupSample GroupTracker::sample(std::vector<PartitionLag> lags, const std::vector<PartitionOffsets>& offsets,
                                 double now_s) {
  TIDEGATE_ASSERT(lags.size() == memory_.size() && offsets.size() == memory_.size());
  GroupSample result;
  result.age_s = result.read_age_s = 0;
  int busy = 0;  // partitions that hold records
  for (std::size_t i = 0; i < lags.size(); ++i) {
    PartitionLag& lag = lags[i];
    Memory& memory = memory_[i];
    result.end += offsets[i].end;
    if (lag.undefined) {
      ++result.undefined_partitions;
      continue;
    }
    grow_unknown_ages(lag, memory, now_s);
    watch_progress(result, static_cast<int>(i), lag, offsets[i], now_s);
    if (lag.records > 0) ++busy;
    result.records += lag.records;
    take_worst(result.age_s, lag.age_s);
    take_worst(result.read_age_s, lag.read_age_s);
    const std::int64_t committed = offsets[i].committed.value_or(0);
    const std::int64_t untold_from = std::max(committed, memory.told_up_to);
    if (lag.skipped > 0 && offsets[i].low > untold_from) {
      result.skipped.push_back(
          {static_cast<int>(i), committed, offsets[i].low, static_cast<std::uint64_t>(offsets[i].low - untold_from)});
      memory.told_up_to = offsets[i].low;
    }
  }
  const bool stopped = busy > 0 && result.stalled_partitions == busy;
  result.stopped = stopped && !stopped_;
  result.resumed = !stopped && stopped_;
  stopped_ = stopped;
  result.drain_estimate_s = drain_estimate(result.records, now_s);
  result.partitions = std::move(lags);
  return result;
}

}  // namespace tidegate::gates
