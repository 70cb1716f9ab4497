#include "gates/probes/partition_lag.hpp"

#include <algorithm>

namespace tidegate::gates {
namespace {

double seconds_since(std::int64_t then_ms, std::int64_t now_ms) {
  // A producer's clock may be ahead of ours; an age is never negative.
  return static_cast<double>(std::max<std::int64_t>(now_ms - then_ms, 0)) * 1e-3;
}

std::optional<double> age_of(std::int64_t offset, const OffsetRing& ring, std::int64_t now_ms,
                             std::optional<std::int64_t> unread_since_ms) {
  const OffsetRing::Found found = ring.find(offset);
  switch (found.where) {
    case OffsetRing::Found::Where::inside:
      return seconds_since(found.timestamp_ms, now_ms);
    case OffsetRing::Found::Where::beyond:
      // Not read yet: no older than the last moment at which everything had been read.
      if (unread_since_ms) return seconds_since(*unread_since_ms, now_ms);
      return std::nullopt;
    case OffsetRing::Found::Where::before:
      break;
  }
  return std::nullopt;
}

}  // namespace

PartitionLag partition_lag(const PartitionOffsets& offsets, const OffsetRing& ring, std::int64_t now_ms,
                           std::optional<std::int64_t> unread_since_ms) {
  PartitionLag lag;
  const std::int64_t committed = offsets.committed.value_or(offsets.low);
  if (committed < offsets.low) lag.skipped = static_cast<std::uint64_t>(offsets.low - committed);
  lag.position = std::max(committed, offsets.low);
  lag.age_s = lag.read_age_s = 0;
  if (lag.position >= offsets.end) return lag;
  if (!offsets.committed) {
    lag.undefined = true;
    lag.age_s.reset();
    lag.read_age_s.reset();
    return lag;
  }
  lag.records = static_cast<std::uint64_t>(offsets.end - lag.position);
  // What lies between the end of the records read and the end offset are markers of transactions, not records.
  if (ring.started() && ring.next() >= offsets.end &&
      ring.find(lag.position).where == OffsetRing::Found::Where::beyond) {
    return lag;
  }
  lag.age_s = age_of(lag.position, ring, now_ms, unread_since_ms);
  const bool any_committed = committed > offsets.low;
  lag.read_age_s = any_committed ? age_of(committed - 1, ring, now_ms, unread_since_ms) : lag.age_s;
  return lag;
}

}  // namespace tidegate::gates
